import { fileURLToPath } from 'node:url';
import { type ClientDuplexStream, credentials, makeClientConstructor } from '@grpc/grpc-js';
import { loadProto, serviceIn } from '@leafcutter/agent/doors/grpc/protos';
import { freePort } from '../support/ports.ts';
import { startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { type Round, type Row, ratios } from './rounds.ts';

/** Calls, or requests of one stream, that are open at once. */
const OPEN = 64;

interface Client {
  NextId(request: object, done: (error: Error | null, value?: { id: string }) => void): void;
  Draw(): ClientDuplexStream<object, { ids: string[]; failure: object | null }>;
  close(): void;
}

/** One ID by gRPC, as a call and by stream, beside a bare server of the same library that answers a constant. */
export async function grpcRows(
  rounds: number,
  quick: boolean,
  progress: (text: string) => void,
): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const bare = stack.use(
    startProcess({
      command: process.execPath,
      args: [fileURLToPath(new URL('./constant-grpc-server.ts', import.meta.url))],
      name: 'bare gRPC',
    }),
  );
  const barePort = Number(/\d+$/.exec(await bare.waitForLine(/^listening on \d+$/))?.[0]);
  const flags = ['--data-dir', await scratchDir('bench-grpc'), '--auto-create-tags'];
  const coordinator = await Service.start({ pace: 'product', kind: 'coordinator', name: 'bench', flags });
  stack.defer(() => coordinator.stop());
  const port = await freePort();
  const door = ['--coordinators', coordinator.url, '--grpc-listen', `127.0.0.1:${port}`];
  const agent = await Service.start({ pace: 'product', kind: 'agent', name: 'bench', flags: door });
  stack.defer(() => agent.stop());
  const [ours, theirs] = [connect(port), connect(barePort)];
  stack.defer(() => ours.close());
  stack.defer(() => theirs.close());

  const rows: Row[] = [];
  const ways = [
    ['unary', unaryPerSecond],
    ['stream', streamedPerSecond],
  ] as const;
  for (const [way, perSecond] of ways) {
    const requests = quick ? 10_000 : 40_000;
    const measured: Round[] = [];
    for (let round = 0; round <= rounds; round++) {
      progress(round === 0 ? `gRPC ${way}: warming up` : `gRPC ${way}: round ${round} of ${rounds}`);
      const subject = await perSecond(ours, requests);
      const baseline = await perSecond(theirs, requests);
      if (round > 0) measured.push({ subject, baseline });
    }
    rows.push({
      row: `agent gRPC ${way}, 1 ID, vs a bare @grpc/grpc-js server`,
      unit: 'requests/s',
      ...ratios(measured),
    });
  }
  return rows;
}

function connect(port: number): Client {
  const service = serviceIn(loadProto('leafcutter/v1/id_service.proto'), 'leafcutter.v1.IdService');
  const Constructor = makeClientConstructor(service as never, 'IdService');
  return new Constructor(`127.0.0.1:${port}`, credentials.createInsecure()) as unknown as Client;
}

async function unaryPerSecond(client: Client, requests: number): Promise<number> {
  const begun = performance.now();
  let sent = 0;
  const oneAfterTheOther = async () => {
    while (sent < requests) {
      sent += 1;
      await new Promise<void>((resolve, reject) => {
        client.NextId({ tag: 'bench' }, (error) => (error === null ? resolve() : reject(error)));
      });
    }
  };
  await Promise.all(Array.from({ length: OPEN }, oneAfterTheOther));
  return requests / ((performance.now() - begun) / 1_000);
}

async function streamedPerSecond(client: Client, requests: number): Promise<number> {
  const begun = performance.now();
  const stream = client.Draw();
  let sent = 0;
  let answered = 0;
  const ask = () => {
    sent += 1;
    stream.write({ correlation: sent, tag: 'bench' });
  };
  await new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', ({ ids }: { ids: string[] }) => {
      if (ids.length !== 1) reject(new Error('a request was refused'));
      answered += 1;
      if (sent < requests) ask();
      else if (answered === requests) resolve();
    });
    while (sent < OPEN) ask();
  });
  const seconds = (performance.now() - begun) / 1_000;
  stream.end();
  return requests / seconds;
}
