import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from '@leafcutter/client';
import { Agent, request } from 'undici';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { GrpcClient, ID_SERVICE } from '../support/grpc-client.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter, type RunningProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

const TOKEN = 'a-token-of-an-application';

let ours: Certificates;
let others: Certificates;
let shown: { certFile: string; keyFile: string };
let folder: string;
let coordinator: Service;
let agent: RunningProcess;
let ports: { http: number; grpc: number; resp: number; ops: number };

beforeAll(async () => {
  [ours, others] = await Promise.all([makeCertificates(), makeCertificates()]);
  folder = await scratchDir('agent-tls');
  shown = { certFile: join(folder, 'shown.pem'), keyFile: join(folder, 'shown.key') };
  show(ours);
  const data = ['--data-dir', join(folder, 'data'), '--auto-create-tags'];
  coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags: data });
  ports = { http: await freePort(), grpc: await freePort(), resp: await freePort(), ops: await freePort() };
  agent = leafcutter(
    [
      ...['agent', '--coordinators', coordinator.url, '--tokens', TOKEN, '--reload-interval-s', '0'],
      ...['--listen', `127.0.0.1:${ports.http}`, '--grpc-listen', `127.0.0.1:${ports.grpc}`],
      ...['--resp-listen', `127.0.0.1:${ports.resp}`, '--ops-listen', `127.0.0.1:${ports.ops}`],
      ...['--tls-cert-file', shown.certFile, '--tls-key-file', shown.keyFile],
    ],
    {},
  );
  expect(await poll(async () => (await fetch(`http://127.0.0.1:${ports.ops}/readyz`)).ok)).toBe(true);
});

afterAll(async () => {
  await agent?.stop();
  await coordinator?.stop();
});

function show({ certFile, keyFile }: Certificates): void {
  copyFileSync(certFile, shown.certFile);
  copyFileSync(keyFile, shown.keyFile);
}

/** What a client that trusts this authority gets by a door: an ID, or `refused`. */
const BY_DOOR = {
  async http({ caFile }: Certificates): Promise<string> {
    const dispatcher = new Agent({ connect: { ca: readFileSync(caFile) } });
    try {
      const headers = { authorization: `Bearer ${TOKEN}` };
      const { body } = await request(`https://127.0.0.1:${ports.http}/v1/ids/orders`, {
        dispatcher,
        headers,
      });
      return await body.text();
    } catch {
      return 'refused';
    } finally {
      await dispatcher.destroy();
    }
  },
  async grpc({ caFile }: Certificates): Promise<string> {
    using client = new GrpcClient(ID_SERVICE, ports.grpc, readFileSync(caFile));
    const { value } = await client.call(
      'NextId',
      { tag: 'orders' },
      { token: TOKEN, deadlineMs: PATIENCE_MS },
    );
    return String(value?.id ?? 'refused');
  },
  resp({ caFile }: Certificates): Promise<string> {
    return new Promise((resolve) => {
      const socket = connectTls({ port: ports.resp, host: '127.0.0.1', ca: readFileSync(caFile) });
      let text = '';
      socket.setEncoding('latin1');
      socket.on('data', (part: string) => {
        text += part;
      });
      socket.once('error', () => resolve('refused'));
      socket.once('close', () => resolve(/:(\d+)\r\n\+OK/.exec(text)?.[1] ?? 'refused'));
      socket.once('secureConnect', () => socket.write(`AUTH ${TOKEN}\r\nINCR orders\r\nQUIT\r\n`));
    });
  },
};
type Door = keyof typeof BY_DOOR;
const DOORS = Object.keys(BY_DOOR) as Door[];

describe.each(DOORS)('the door %s that has a certificate', (door) => {
  test('serves who trusts it, and nobody else', async () => {
    expect(await BY_DOOR[door](ours)).toMatch(/^[1-9]\d*$/);
    expect(await BY_DOOR[door](others)).toBe('refused');
  });

  test('speaks nothing but TLS', async () => {
    const socket = connectPlain(ports[door], '127.0.0.1');
    const closed = new Promise<string>((resolve) => {
      let text = '';
      socket.setEncoding('latin1').on('data', (part) => {
        text += part;
      });
      socket.once('error', () => undefined);
      socket.once('close', () => resolve(text));
    });
    socket.write('GET /v1/ids/orders HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nPING\r\n');
    expect(await closed).not.toMatch(/HTTP\/1\.1 200|PONG/);
  });
});

test('the Node client trusts the file that it is given, and takes its token from one', async () => {
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, `${TOKEN}\n`);
  const endpoint = `https://127.0.0.1:${ports.http}`;
  const options = { endpoint, tag: 'orders', tokenFile, timeoutMs: PATIENCE_MS, waitMs: PATIENCE_MS };
  await using ids = await connect({ ...options, caFile: ours.caFile });
  expect(await ids.nextAsync()).toBeGreaterThan(0n);
  await expect(connect({ ...options, caFile: others.caFile })).rejects.toMatchObject({
    code: 'AGENT_UNAVAILABLE',
  });
  await expect(connect({ ...options, caFile: tokenFile })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    reason: 'caFile',
  });
});

/** Resolves to the doors that serve who trusts it. */
async function renewed(certificates: Certificates): Promise<Door[]> {
  show(certificates);
  agent.signal('SIGHUP');
  const serving: Door[] = [];
  for (const door of DOORS)
    if (await poll(async () => (await BY_DOOR[door](certificates)) !== 'refused')) serving.push(door);
  return serving;
}

test('a renewed certificate is shown at each door without a restart', async () => {
  const [serving, before] = [await renewed(others), await BY_DOOR.resp(ours)];
  expect(await renewed(ours)).toEqual(DOORS);
  expect(serving).toEqual(DOORS);
  expect(before).toBe('refused');
});
