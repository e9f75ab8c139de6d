import type { Scope } from '@leafcutter/shared/http/tokens';
import { decode } from '@leafcutter/shared/layout';
import type { Segment } from '../../domain/segments/segment.ts';
import type { IdServiceHandlers } from '../../generated/leafcutter/v1/IdService.ts';
import type { Agent } from '../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { Calls } from './calls.ts';
import { DrawStream } from './draw-stream.ts';
import type { GrpcService } from './grpc-service.ts';
import { loadProto } from './protos.ts';
import { readCount } from './read-count.ts';

/** Leafcutter's own gRPC service; `proto/leafcutter/v1/id_service.proto` says what each call does. */
export function idService(agent: Agent): GrpcService {
  const ids = new Dispenser(agent, 'grpc');
  const calls = new Calls(agent, ids);
  const streams = new Set<DrawStream>();
  const handlers: IdServiceHandlers = {
    NextId: calls.unary(({ tag }, signal, scope) => {
      scope.checkTag(tag);
      const now = ids.oneTextNow(tag);
      if (now !== undefined) return { id: now };
      return ids.one(scope, tag, signal()).then((id) => ({ id: String(id) }));
    }),
    NextIds: calls.unary(async ({ tag, count }, signal, scope) => {
      scope.checkTag(tag);
      return { ids: (await ids.digits(scope, tag, readCount(count), (texts) => texts, signal())).flat() };
    }),
    NextRanges: calls.unary(async ({ tag, count }, signal, scope) => {
      scope.checkTag(tag);
      return { ranges: (await ids.ranges(scope, tag, readCount(count), signal())).map(rangeText) };
    }),
    NextTexts: calls.unary(async ({ tag, count }, signal, scope) => {
      scope.checkTag(tag);
      return { texts: (await ids.texts(scope, tag, readCount(count), (texts) => texts, signal())).flat() };
    }),
    ReserveBlock: calls.unary(async ({ tag, count }, signal, scope) => {
      scope.checkTag(tag);
      return { block: rangeText(await ids.block(scope, tag, readCount(count), signal())) };
    }),
    NextSnowflake: calls.unary(async (_request, signal, scope) => {
      scope.checkSnowflake();
      return { id: String(await ids.snowflake(scope, signal())) };
    }),
    NextSnowflakes: calls.unary(async ({ count }, signal, scope) => {
      scope.checkSnowflake();
      return { ids: (await ids.snowflakeDigits(scope, readCount(count), (texts) => texts, signal())).flat() };
    }),
    DecodeSnowflake: calls.unary(({ id }) => {
      const { timestampMs, machineId, sequence } = decode(agent.layout, BigInt(id));
      return { timestamp_ms: timestampMs, machine_id: machineId, sequence };
    }),
    Draw(call) {
      let scope: () => Scope;
      try {
        scope = calls.whoever(call);
      } catch (error) {
        call.emit('error', calls.failed(error, call));
        return;
      }
      const stream = new DrawStream(call, calls, ids, scope);
      streams.add(stream);
      call.once('close', () => streams.delete(stream));
    },
  };
  return {
    name: 'leafcutter.v1.IdService',
    door: 'grpc',
    protos: loadProto('leafcutter/v1/id_service.proto'),
    handlers: { ...handlers },
    finish() {
      for (const stream of streams) stream.finish();
    },
  };
}

function rangeText({ start, end }: Segment): { start: string; end: string } {
  return { start: String(start), end: String(end) };
}
