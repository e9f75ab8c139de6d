import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';

/** Long enough that a machine which stands still for two seconds does not outlast it. */
const DELAY_MS = 6_000;
const DELAY = ['--drain-delay-ms', String(DELAY_MS)];
/** How often the client below checks which agents are ready, milliseconds. */
const LOOK_MS = 300;

let coordinator: Service;

beforeAll(async () => {
  coordinator = await Service.start({
    kind: 'coordinator',
    name: 'coordinator',
    flags: ['--data-dir', join(await scratchDir('drain'), 'data'), '--auto-create-tags'],
  });
});

afterAll(() => coordinator?.stop());

function startAgent(name: string, ...flags: string[]): Promise<Service> {
  return Service.start({ kind: 'agent', name, flags: ['--coordinators', coordinator.url, ...flags] });
}

async function status(url: string): Promise<number | undefined> {
  const response = await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status;
}

/** A connection that was answered before and that its client wants to keep. */
async function keptConnection({ url }: Service, path: string) {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding('latin1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const ask = (...paths: string[]) =>
    socket.write(paths.map((each) => `GET ${each} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`).join(''));
  const answered = new Promise((resolve) => socket.once('data', resolve));
  ask(path);
  await answered;
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk;
  });
  return {
    /** Asks for `paths` in one go, and reads what comes until the service ends the connection. */
    async askLast(...paths: string[]): Promise<string> {
      ask(...paths);
      await closed;
      return heard;
    },
  };
}

describe('a service that is asked to stop', () => {
  test('says so to load balancers first, serves meanwhile, and ends with 0', async () => {
    const agent = await startAgent('first', ...DELAY);
    const url = `${agent.url}/v1/ids/orders`;
    expect([await status(`${agent.url}/readyz`), await status(url)]).toEqual([200, 200]);
    const stopped = agent.process.stop();
    await agent.process.waitForLine(/is stopping/);
    expect([await status(`${agent.url}/readyz`), await status(url)]).toEqual([503, 200]);
    expect((await stopped).code).toBe(0);
    expect(await status(url)).toBeUndefined();
  });

  test('ends kept connections with an answer that says so, after all that was asked on them', async () => {
    const agent = await startAgent('kept', ...DELAY);
    const [one, several] = ['/v1/ids/orders', '/v1/ids/orders?count=2'];
    const [direct, mixed, ordinary] = [
      await keptConnection(agent, one),
      await keptConnection(agent, one),
      await keptConnection(agent, several),
    ];
    const stopped = agent.process.stop();
    await agent.process.waitForLine(/is stopping/);
    const heard = await Promise.all([
      direct.askLast(one, one, one),
      mixed.askLast(one, several),
      ordinary.askLast(several),
    ]);
    const [ok, keep, close] = ['HTTP/1.1 200', 'Connection: keep-alive', 'Connection: close'];
    expect(heard.map((text) => text.match(/HTTP\/1.1 200|Connection: \S+/g))).toEqual([
      [ok, keep, ok, keep, ok, close],
      [ok, keep, ok, close],
      [ok, close],
    ]);
    expect((await stopped).code).toBe(0);
  });

  test('ends at once when it is asked a second time, by whichever signal', async () => {
    const agent = await startAgent('hasty', '--drain-delay-ms', '300000');
    agent.process.signal('SIGTERM');
    await agent.process.waitForLine(/is stopping/);
    agent.process.signal('SIGINT');
    expect(await agent.process.exited).toEqual({ code: 130, signal: null });
  });

  test('lets workers drain, also where each is told by the supervisor and by who stops all', async () => {
    const agent = await startAgent('several', '--workers', '2', ...DELAY);
    await agent.process.waitForLine(/workers are listening/);
    const { pid } = agent.process;
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    const stopped = agent.process.stop();
    for (const number of [1, 2]) await agent.process.waitForLine(RegExp(`"worker":${number}.*is stopping`));
    for (const worker of workers) process.kill(worker, 'SIGTERM');
    expect([await status(`${agent.url}/readyz`), await status(`${agent.url}/v1/ids/orders`)]).toEqual([
      503, 200,
    ]);
    expect((await stopped).code).toBe(0);
    expect(agent.process.lines.filter((line) => line.includes('agent has stopped'))).toHaveLength(2);
  });

  test('tells its agents and its load balancers likewise where it is a coordinator', async () => {
    const own = await Service.start({
      kind: 'coordinator',
      name: 'own',
      flags: ['--data-dir', join(await scratchDir('drain'), 'own'), ...DELAY],
    });
    const kept = await keptConnection(own, '/v1/tags');
    const stopped = own.process.stop();
    await own.process.waitForLine(/is stopping/);
    expect([await status(`${own.url}/readyz`), await status(`${own.url}/v1/tags`)]).toEqual([503, 200]);
    expect(await kept.askLast('/v1/tags')).toMatch(/^HTTP\/1.1 200.*\r\nConnection: close\r\n/s);
    expect((await stopped).code).toBe(0);
    expect(await status(`${own.url}/v1/tags`)).toBeUndefined();
  });
});

describe('a client that keeps its connections and looks who is ready', () => {
  /** Draws from the agents that are ready while the first of them stops; what failed, and how many IDs came twice. */
  async function drawWhileOneStops(delayMs: number) {
    const delay = ['--drain-delay-ms', String(delayMs)];
    const [leaving, staying] = [await startAgent('leaving', ...delay), await startAgent('staying', ...delay)];
    const dispatcher = new Agent({ connections: 4 });
    let ready = [leaving, staying];
    let over = false;
    const ids: string[] = [];
    const failures: string[] = [];
    const look = async () => {
      while (!over) {
        const states = await Promise.all([leaving, staying].map(({ url }) => status(`${url}/readyz`)));
        ready = [leaving, staying].filter((_, index) => states[index] === 200);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    };
    const draw = async () => {
      for (let n = 0; !over; n++) {
        try {
          const answer = await request(`${ready[n % ready.length]?.url}/v1/ids/balanced`, { dispatcher });
          const text = await answer.body.text();
          if (answer.statusCode === 200) ids.push(text);
          else failures.push(text);
        } catch (error) {
          failures.push(String(error));
        }
        // Hundreds a second are plenty, and leave the processor to others.
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const working = [look(), draw(), draw(), draw(), draw()];
    const { code } = await leaving.process.stop();
    await new Promise((resolve) => setTimeout(resolve, 2 * LOOK_MS));
    over = true;
    await Promise.all(working);
    await dispatcher.destroy();
    await staying.process.kill();
    return { code, failures, drawn: ids.length, twice: ids.length - new Set(ids).size };
  }

  test('sees no request fail while one of two agents stops', async () => {
    const { drawn, ...rest } = await drawWhileOneStops(DELAY_MS);
    expect(rest).toEqual({ code: 0, failures: [], twice: 0 });
    expect(drawn).toBeGreaterThan(100);
  });

  test('negative control: without the delay it meets a closed port', async () => {
    const { code, failures, twice } = await drawWhileOneStops(0);
    expect({ code, twice }).toEqual({ code: 0, twice: 0 });
    expect(failures.length).toBeGreaterThan(0);
  });
});
