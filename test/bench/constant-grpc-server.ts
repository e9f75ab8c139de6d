import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadProto, serviceIn } from '@leafcutter/agent/doors/grpc/protos';
import type { IdServiceHandlers } from '@leafcutter/agent/generated/leafcutter/v1/IdService';

/** The yardstick: the least that a `@grpc/grpc-js` server can do, answering every request with the same ID. */
const handlers: Pick<IdServiceHandlers, 'NextId' | 'Draw'> = {
  NextId: (_call, answer) => answer(null, { id: '1234567890123' }),
  Draw(call) {
    call.on('data', ({ correlation }: { correlation: string }) => {
      call.write({ correlation, ids: ['1234567890123'] });
    });
    call.on('end', () => call.end());
  },
};
const server = new Server();
server.addService(serviceIn(loadProto('leafcutter/v1/id_service.proto'), 'leafcutter.v1.IdService'), {
  ...handlers,
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`listening on ${port}\n`);
});
