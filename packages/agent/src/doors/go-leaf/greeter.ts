import { LeafcutterError } from '@leafcutter/shared/errors';
import type { GreeterHandlers } from '../../generated/proto/Greeter.ts';
import type { Agent } from '../agent.ts';
import { Dispenser } from '../dispenser.ts';
import { Calls } from '../grpc/calls.ts';
import type { GrpcService } from '../grpc/grpc-service.ts';
import { loadProto } from '../grpc/protos.ts';

/**
 * go-leaf's gRPC service. As in go-leaf, a failure is the call's status, without a message. (Source: go-leaf,
 * `grpc/server`.)
 */
export function greeter(agent: Agent): GrpcService {
  const ids = new Dispenser(agent, 'go-leaf');
  const calls = new Calls(agent, ids);
  const handlers: GreeterHandlers = {
    Segment: calls.unary(async ({ biz_tag }, signal, scope) => {
      if (biz_tag === '') throw bad('biz_tag', 'need biz_tag');
      scope.checkTag(biz_tag);
      return success(ids.oneNow(biz_tag) ?? (await ids.one(scope, biz_tag, signal())));
    }),
    // The machine id is checked but not used: a caller cannot be trusted to choose one, so the agent's own lease
    // counts.
    Snowflake: calls.unary(async ({ machineId }, signal, scope) => {
      scope.checkSnowflake();
      if (machineId < 0 || machineId > 1_023) throw bad('machineid', 'machineId must be from 0 to 1023');
      return success(await ids.snowflake(scope, signal()));
    }),
  };
  return {
    name: 'proto.Greeter',
    door: 'go-leaf',
    protos: loadProto('go-leaf/greeter.proto'),
    handlers: { ...handlers },
    finish: () => undefined,
  };
}

function success(id: bigint): { Errno: number; Mag: string; Id: string } {
  return { Errno: 0, Mag: 'success', Id: String(id) };
}

function bad(reason: string, message: string): LeafcutterError {
  return new LeafcutterError('BAD_REQUEST', message, { reason });
}
