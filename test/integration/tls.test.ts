import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Address } from '@leafcutter/shared/config/address';
import { type HttpListening, listen, type ServerTls } from '@leafcutter/shared/http/listen';
import type { Problem } from '@leafcutter/shared/problem';
import { Agent, request } from 'undici';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { poll } from '../support/poll.ts';
import { freePort } from '../support/ports.ts';
import { leafcutter, type RunningProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

let ours: Certificates;
let others: Certificates;
let folder: string;
let coordinator: RunningProcess;
let url: string;
/** The coordinator's second address. */
let ops: string;
/** What the coordinator shows; other files take their place when they are renewed. */
let shown: { certFile: string; keyFile: string };
const agents: Service[] = [];

function show({ certFile, keyFile }: Certificates): void {
  copyFileSync(certFile, shown.certFile);
  copyFileSync(keyFile, shown.keyFile);
}

beforeAll(async () => {
  [ours, others] = await Promise.all([makeCertificates(), makeCertificates()]);
  folder = await scratchDir('tls');
  shown = { certFile: join(folder, 'shown.pem'), keyFile: join(folder, 'shown.key') };
  show(ours);
  const port = await freePort();
  url = `https://127.0.0.1:${port}`;
  const opsAt = `127.0.0.1:${await freePort()}`;
  ops = `http://${opsAt}`;
  coordinator = leafcutter(
    [
      ...[
        'coordinator',
        '--listen',
        `127.0.0.1:${port}`,
        '--data-dir',
        join(folder, 'data'),
        '--auto-create-tags',
      ],
      ...[
        '--tls-cert-file',
        shown.certFile,
        '--tls-key-file',
        shown.keyFile,
        '--tls-client-ca-file',
        ours.caFile,
      ],
      ...['--ops-listen', opsAt, '--reload-interval-s', '1'],
    ],
    {},
  );
  expect(await poll(() => answers(ours, ours))).toBe(true);
});

afterAll(async () => {
  for (const agent of agents) await agent.stop();
  await coordinator?.stop();
});

/**
 * Whether the coordinator answers a client that trusts one authority and shows a certificate of another; undefined
 * for none.
 */
async function answers(
  trusted: Certificates,
  own: Certificates | undefined,
  path = '/livez',
): Promise<boolean> {
  return (await answer(trusted, own, path)) !== undefined;
}

async function answer(trusted: Certificates, own: Certificates | undefined, path = '/livez') {
  const client = own && { cert: readFileSync(own.certFile), key: readFileSync(own.keyFile) };
  const dispatcher = new Agent({ connect: { ca: readFileSync(trusted.caFile), ...client } });
  try {
    const { statusCode, headers, body } = await request(url + path, { dispatcher });
    return { statusCode, headers, text: await body.text() };
  } catch {
    return undefined;
  } finally {
    await dispatcher.destroy();
  }
}

async function agent(name: string, flags: string[]): Promise<Service> {
  const coordinators = flags.includes('--coordinators') ? [] : ['--coordinators', url];
  const service = await Service.start({ kind: 'agent', name, flags: [...coordinators, ...flags] }, 'live');
  agents.push(service);
  return service;
}

const trust = ({ caFile }: Certificates) => ['--coordinator-tls-ca-file', caFile];
const as = ({ certFile, keyFile }: Certificates) => [
  ...['--coordinator-tls-cert-file', certFile, '--coordinator-tls-key-file', keyFile],
];
/** Callers are refused when they have waited in vain, which need not take long. */
const IMPATIENT = ['--wait-ms', '1000'];
const isRefused = (service: Service) =>
  poll(async () => (await service.json<Problem>('/v1/ids/orders')).code === 'COORDINATOR_UNAVAILABLE');

describe('a coordinator that speaks TLS and asks for certificates', () => {
  test('lets in who trusts it and shows one of its authority, and nobody else', async () => {
    expect(await answers(ours, ours)).toBe(true);
    expect(await answers(others, ours)).toBe(false);
    expect(await answers(ours, undefined)).toBe(false);
    expect(await answers(ours, others)).toBe(false);
    expect((await answer(ours, ours))?.headers['strict-transport-security']).toBe('max-age=31536000');
    await expect(fetch(url.replace('https', 'http'))).rejects.toThrow();
  });

  test('speaks no version of TLS below 1.2', async () => {
    const { port } = new URL(url);
    const problem = new Promise((resolve) => {
      const socket = connectTls({
        port: Number(port),
        host: '127.0.0.1',
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
        rejectUnauthorized: false,
      });
      socket.once('error', (error) => resolve(String(error)));
      socket.once('secureConnect', () => resolve(socket.getProtocol()));
    });
    expect(await problem).toMatch(/protocol version|alert|reset/i);
  });

  test('serves agents over it, and only those that show a certificate and trust its own', async () => {
    const good = await agent('good', [...trust(ours), ...as(ours)]);
    expect(await (await fetch(`${good.url}/v1/ids/served`)).text()).toBe('1');
    for (const [name, flags] of [
      ['strange', [...trust(others), ...as(ours)]],
      ['unnamed', trust(ours)],
      ['trusting', as(ours)],
    ] as const)
      expect([name, await isRefused(await agent(name, [...flags, ...IMPATIENT]))]).toEqual([name, true]);
  });

  test('tells health and metrics, and nothing else, at opsListen to those who show none', async () => {
    for (const path of ['/livez', '/readyz', '/metrics']) expect((await fetch(ops + path)).status).toBe(200);
    expect(await (await fetch(`${ops}/metrics`)).text()).toMatch(
      /^leafcutter_coordinator_certificate_end_timestamp_seconds \d{10}$/m,
    );
    for (const path of ['/', '/v1/tags', '/v1/explain/1', '/openapi.json', '/v1/tags/orders/segments'])
      expect((await fetch(ops + path)).status).toBe(404);
  });

  test('an agent shows a renewed certificate without a restart, and tells when it ends', async () => {
    const own = { certFile: join(folder, 'agent.pem'), keyFile: join(folder, 'agent.key'), caFile: '' };
    const take = ({ certFile, keyFile }: Certificates) => {
      copyFileSync(certFile, own.certFile);
      copyFileSync(keyFile, own.keyFile);
    };
    take(others);
    const flags = [...trust(ours), ...as(own), '--reload-interval-s', '0', ...IMPATIENT];
    const renewed = await agent('renewed', flags);
    expect(await isRefused(renewed)).toBe(true);
    take(ours);
    renewed.process.signal('SIGHUP');
    const isServed = async () => (await fetch(`${renewed.url}/v1/ids/orders`)).ok;
    expect(await poll(isServed)).toBe(true);
    expect(await (await fetch(`${renewed.url}/metrics`)).text()).toMatch(
      /^leafcutter_agent_certificate_end_timestamp_seconds \d{10}$/m,
    );
  });

  test('shows a renewed certificate without a restart, and connections that are open go on', async () => {
    const connected = await agent('connected', [...trust(ours), ...as(ours)]);
    expect(await (await fetch(`${connected.url}/v1/ids/connected`)).text()).toBe('1');
    show(others);
    expect(await poll(() => answers(others, ours))).toBe(true);
    expect(coordinator.running).toBe(true);
    expect(await (await fetch(`${connected.url}/v1/ids/renewed`)).text()).toBe('1');
    copyFileSync(ours.keyFile, shown.keyFile);
    await coordinator.waitForLine(/what changed cannot be used/);
    expect(await answers(others, ours)).toBe(true);
    show(ours);
    expect(await poll(() => answers(ours, ours))).toBe(true);
  });
});

test('a certificate that has ended opens nothing, whichever side shows it', async () => {
  const ended = await makeCertificates(-1);
  const start = async (name: string, own: Certificates, clients: string[]) => {
    const at = `127.0.0.1:${await freePort()}`;
    const flags = ['--data-dir', join(folder, name), '--auto-create-tags', '--listen', at];
    const files = ['--tls-cert-file', own.certFile, '--tls-key-file', own.keyFile];
    const started = leafcutter(['coordinator', ...flags, ...files, ...clients], {});
    await started.waitForLine(/coordinator is ready/);
    return { process: started, link: ['--coordinators', `https://${at}`] };
  };
  const shows = await start('ended', ended, []);
  await using _ = shows.process;
  await shows.process.waitForLine(/the certificate has expired/);
  const asks = await start('asking', ours, ['--tls-client-ca-file', ended.caFile]);
  await using __ = asks.process;
  for (const [name, flags] of [
    ['trusts-ended', [...shows.link, ...trust(ended)]],
    ['shows-ended', [...asks.link, ...trust(ours), ...as(ended)]],
  ] as const)
    expect([name, await isRefused(await agent(name, [...flags, ...IMPATIENT]))]).toEqual([name, true]);
});

describe.each(['ec', 'rsa'] as const)('a server with a key of the kind %s', (kind) => {
  const auth = kind === 'ec' ? 'ECDSA' : 'RSA';
  let server: HttpListening;
  let tls: ServerTls;

  beforeAll(async () => {
    const { certFile, keyFile } = await makeCertificates(1, kind);
    tls = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    const at = new Address('127.0.0.1', 0);
    server = await listen(at, (_req, res) => void res.end(), 'listen', { tls });
  });
  afterAll(() => server.close(0));

  /** The cipher that is agreed on if the client offers only this one; otherwise what went wrong. */
  function agreed(ciphers: string, version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2'): Promise<string> {
    return new Promise((resolve) => {
      const socket = connectTls({
        port: (server.address as Address).port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        ciphers,
        minVersion: version,
        maxVersion: version,
      });
      const end = (outcome: string) => {
        socket.destroy();
        resolve(outcome);
      };
      socket.once('error', () => end('refused'));
      socket.once('secureConnect', () => end(socket.getCipher().name));
    });
  }

  test.each([
    `ECDHE-${auth}-AES128-GCM-SHA256`,
    `ECDHE-${auth}-AES256-GCM-SHA384`,
    `ECDHE-${auth}-CHACHA20-POLY1305`,
  ])('speaks TLS 1.2 by %s', async (cipher) => {
    expect(await agreed(cipher)).toBe(cipher);
  });

  test('speaks TLS 1.3', async () => {
    expect(await agreed('TLS_AES_128_GCM_SHA256', 'TLSv1.3')).toBe('TLS_AES_128_GCM_SHA256');
  });

  // Each of these is a cipher that Node accepts by default from a client that has no better one.
  test.each([
    ...[`ECDHE-${auth}-AES128-SHA`, `ECDHE-${auth}-AES256-SHA384`],
    ...(kind === 'rsa' ? ['AES128-SHA', 'AES128-SHA256', 'AES256-GCM-SHA384'] : []),
  ])('refuses %s, also once its certificate is renewed', async (cipher) => {
    expect(await agreed(cipher)).toBe('refused');
    server.renew(tls);
    expect(await agreed(cipher)).toBe('refused');
  });
});

test('a certificate that cannot be used is told at start, by its setting', async () => {
  const start = async (...flags: string[]) => {
    const failing = leafcutter(
      [
        'coordinator',
        '--listen',
        `127.0.0.1:${await freePort()}`,
        '--data-dir',
        join(folder, 'other'),
        ...flags,
      ],
      {},
    );
    const { code } = await failing.exited;
    return `${code} ${failing.tail()}`;
  };
  expect(await start('--tls-cert-file', ours.certFile, '--tls-key-file', others.keyFile)).toMatch(
    /^1 .*tls\.certFile and keyFile cannot be used/s,
  );
  expect(await start('--tls-cert-file', '/nowhere.pem', '--tls-key-file', ours.keyFile)).toMatch(
    /^1 .*tls\.certFile.*nowhere/s,
  );
  expect(await start('--tls-cert-file', ours.certFile)).toMatch(/^78 .*tls\.keyFile|tls-key-file/s);
});

test('leafcutter tag shows its certificate and trusts the authority that its environment names', async () => {
  const tag = async (words: string[], env: Record<string, string>) => {
    const command = leafcutter(['tag', ...words, '--coordinator', url], env);
    const { code } = await command.exited;
    return `${code} ${command.tail()}`;
  };
  const list = (env: Record<string, string>) => tag(['list'], env);
  const trusting = { LEAFCUTTER_COORDINATOR_CA_FILE: ours.caFile };
  const own = {
    LEAFCUTTER_COORDINATOR_CERT_FILE: ours.certFile,
    LEAFCUTTER_COORDINATOR_KEY_FILE: ours.keyFile,
  };
  expect(await tag(['create', 'listed'], { ...trusting, ...own })).toMatch(/^0 /);
  expect(await list({ ...trusting, ...own })).toMatch(/^0 .*listed/s);
  expect(await list(trusting)).toMatch(/^1 .*No coordinator answered/s);
  expect(await list(own)).toMatch(/^1 .*No coordinator answered/s);
  expect(await list({ LEAFCUTTER_COORDINATOR_CA_FILE: '/nowhere.pem' })).toMatch(/^1 .*nowhere\.pem/s);
});
