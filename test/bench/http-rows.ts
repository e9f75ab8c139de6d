import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { poll } from '../support/poll.ts';
import { type RunningProcess, startProcess } from '../support/process.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { startNginx } from './constant-nginx.ts';
import { ab, CONNECTIONS, pinServer, type Sender, stepAside, wrk, wrkUnhurried } from './load-tools.ts';
import { type Round, type Row, ratios, spread } from './rounds.ts';

/** IDs of a constant length, or `ab` calls every longer one a failure. */
const FIRST_ID = '1000000000';
/** What clients send that is not as plain as wrk's own request. */
const SENDERS: Readonly<Partial<Record<Sender, string>>> = {
  jdk: 'Java’s own client (h2c offered, a length of 0)',
  proxy: 'a proxy with two fields that change (X-Request-Id, traceparent)',
  once_odd: 'on a connection that began with another request',
};
const LONG_STEP = 50_000_000;
/** A segment that lasts about 50 ms under an unhurried load. */
const SHORT_STEP = 1_200;

interface Servers {
  readonly bare: string;
  readonly nginx: string;
  /** The agent, and the same without its direct door. */
  readonly agent: Service;
  readonly ordinary: Service;
}

/** The agent's HTTP door beside a bare `node:http` server, each in a process of its own on one core, the load on another. */
export async function httpRows(
  rounds: number,
  quick: boolean,
  progress: (text: string) => void,
): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const servers = await start(stack);
  const measure = new Measure(servers, rounds, quick ? 2 : 4, progress);
  return [
    ...(await measure.keepAlive()),
    await measure.unhurried(),
    ...(await measure.oneRequestEach()),
    await measure.rollovers(),
    await measure.cpu(),
    ...(await measure.senders()),
    await measure.sometimesTwo(),
    await measure.loadStep(),
  ];
}

class Measure {
  readonly #servers: Servers;
  readonly #rounds: number;
  readonly #seconds: number;
  /** For rare events, in seconds. */
  readonly #long: number;
  readonly #progress: (text: string) => void;

  constructor(servers: Servers, rounds: number, seconds: number, progress: (text: string) => void) {
    this.#servers = servers;
    this.#rounds = rounds;
    this.#seconds = seconds;
    this.#long = 2 * seconds;
    this.#progress = progress;
  }

  async keepAlive(): Promise<Row[]> {
    const { agent, ordinary, bare, nginx } = this.#servers;
    const path = '/v1/ids/bench';
    const rate: Round[] = [];
    const p99: Round[] = [];
    const besideNginx: Round[] = [];
    const p99BesideNginx: Round[] = [];
    const without: Round[] = [];
    await this.#each('HTTP, kept alive', async () => {
      const subject = await wrk(agent.url + path, this.#seconds);
      const baseline = await wrk(bare, this.#seconds);
      const constant = await wrk(nginx, this.#seconds);
      const other = await wrk(ordinary.url + path, this.#seconds);
      besideNginx.push({ subject: subject.perSecond, baseline: constant.perSecond });
      p99BesideNginx.push({ subject: subject.p99, baseline: constant.p99 });
      rate.push({ subject: subject.perSecond, baseline: baseline.perSecond });
      without.push({ subject: subject.perSecond, baseline: other.perSecond });
      p99.push({ subject: subject.p99, baseline: baseline.p99 });
    });
    const note = `${CONNECTIONS} connections`;
    return [
      {
        row: 'agent HTTP, 1 ID, kept alive, vs bare node:http',
        unit: 'requests/s',
        atLeast: 1.3,
        note,
        ...ratios(rate),
      },
      { row: 'the same, 99th percentile', unit: 'ms', atMost: 1, note, ...ratios(p99) },
      {
        row: 'agent HTTP, 1 ID, kept alive, vs a constant answer of nginx',
        unit: 'requests/s',
        atLeast: 0.75,
        note,
        ...ratios(besideNginx),
      },
      {
        row: 'the same, 99th percentile beside nginx',
        unit: 'ms',
        atMost: 2,
        note,
        ...ratios(p99BesideNginx),
      },
      {
        row: 'agent HTTP vs the same agent without the direct door',
        unit: 'requests/s',
        atLeast: 1.3,
        note,
        ...ratios(without),
      },
    ];
  }

  /** At a load that both carry with ease, so that the servers are compared. */
  async unhurried(): Promise<Row> {
    const { agent, bare } = this.#servers;
    const p99: Round[] = [];
    const rates: number[] = [];
    await this.#each('HTTP, unhurried', async () => {
      const subject = await wrkUnhurried(`${agent.url}/v1/ids/bench`, this.#long);
      const baseline = await wrkUnhurried(bare, this.#long);
      p99.push({ subject: subject.p99, baseline: baseline.p99 });
      rates.push(subject.perSecond);
    });
    const rate = (Math.round(spread(rates).median / 1_000) * 1_000).toLocaleString('en');
    return {
      row: 'agent HTTP vs bare node:http under the same load, 99th percentile',
      unit: 'ms',
      atMost: 1,
      note: `about ${rate} requests/s`,
      ...ratios(p99),
    };
  }

  async oneRequestEach(): Promise<Row[]> {
    const rows: Row[] = [];
    for (const [requests, concurrency] of [
      [30_000, 1_000],
      [50_000, 2_000],
    ] as const) {
      const measured: Round[] = [];
      let failed = 0;
      await this.#each(`ab -n ${requests} -c ${concurrency}`, async () => {
        const subject = await ab(
          `${this.#servers.agent.url}/alloc-segment?biz_tag=bench`,
          requests,
          concurrency,
        );
        const baseline = await ab(this.#servers.bare, requests, concurrency);
        failed += subject.failed;
        measured.push({ subject: subject.perSecond, baseline: baseline.perSecond });
      });
      rows.push({
        row: `ab -n ${requests} -c ${concurrency}, a connection each, vs bare node:http`,
        unit: 'requests/s',
        atLeast: 1,
        note: `${failed} failed requests`,
        ...ratios(measured),
      });
    }
    return rows;
  }

  /** One tag whose segments last about 50 ms, one whose segment lasts for the whole run. */
  async rollovers(): Promise<Row> {
    const { agent } = this.#servers;
    const measured: Round[] = [];
    let segments = 0;
    await this.#each('rollovers', async () => {
      const before = await figure(agent, 'leafcutter_agent_refill_duration_seconds_count');
      const rolling = await wrkUnhurried(`${agent.url}/v1/ids/rolling`, this.#long);
      segments += (await figure(agent, 'leafcutter_agent_refill_duration_seconds_count')) - before;
      const still = await wrkUnhurried(`${agent.url}/v1/ids/bench`, this.#long);
      measured.push({ subject: rolling.p999, baseline: still.p999 });
    });
    const every = (this.#long * 1_000 * measured.length) / segments;
    return {
      row: 'agent HTTP, 99.9th percentile with rollovers vs without',
      unit: 'ms',
      atMost: 1.2,
      note: `a rollover each ${every.toFixed(0)} ms`,
      ...ratios(measured),
    };
  }

  async cpu(): Promise<Row> {
    const { agent } = this.#servers;
    const [single, batch]: [number[], number[]] = [[], []];
    await this.#each('CPU time', async () => {
      single.push(await this.#cpuPerMillion('/v1/ids/bench'));
      batch.push(await this.#cpuPerMillion('/v1/ids/bench?count=100'));
    });
    const text = (values: number[]) => {
      const { min, median, max } = spread(values);
      return `${median.toFixed(2)} s (${min.toFixed(2)}–${max.toFixed(2)})`;
    };
    return {
      row: `CPU time of an agent per 1,000,000 IDs (${agent.name})`,
      figures: { 'one by one': text(single), 'in batches of 100': text(batch) },
    };
  }

  /** Processor time for each answer, beside that of a plain request. */
  async senders(): Promise<Row[]> {
    const rows: Row[] = [];
    for (const [sender, words] of Object.entries(SENDERS)) {
      const measured: Round[] = [];
      await this.#each(words, async () => {
        const subject = await this.#cpuPerMillion('/v1/ids/bench', sender as Sender);
        measured.push({ subject, baseline: await this.#cpuPerMillion('/v1/ids/bench', 'plain') });
      });
      const row = `agent HTTP, CPU time for an answer vs a plain request: ${words}`;
      rows.push({ row, unit: 'µs', atMost: 1.25, ...ratios(measured) });
    }
    return rows;
  }

  /** How many IDs come straight from the socket if one request in 200 asks for two. */
  async sometimesTwo(): Promise<Row> {
    const { agent } = this.#servers;
    const read = async () => [
      await figure(agent, 'leafcutter_agent_http_direct_answers_total'),
      await figure(agent, 'leafcutter_agent_ids_issued_total{tag="bench",mode="segment",door="http"}'),
    ];
    const [direct = 0, issued = 0] = await read();
    await wrk(`${agent.url}/v1/ids/bench`, this.#seconds, 'sometimes_two');
    const [directAfter = 0, issuedAfter = 0] = await read();
    const share = (100 * (directAfter - direct)) / (issuedAfter - issued);
    return {
      row: 'agent HTTP, one request in 200 with ?count=2',
      figures: { 'IDs straight from the socket': `${share.toFixed(2)} % (asked: ≥ 99)` },
    };
  }

  /** Ten times the load from one second to the next, on a tag that nobody asked for before. */
  async loadStep(): Promise<Row> {
    const { agent } = this.#servers;
    let [asked, failed] = [0, 0];
    for (let round = 0; round < this.#rounds; round++) {
      this.#progress(`load step: round ${round + 1} of ${this.#rounds}`);
      for (const overallRate of [400, 4_000]) {
        const url = `${agent.url}/v1/ids/cold-${round}`;
        const { requests, errors, timeouts, non2xx } = await autocannon({
          url,
          connections: 32,
          overallRate,
          duration: 3,
        });
        asked += requests.total;
        failed += errors + timeouts + non2xx;
      }
    }
    return {
      row: 'load on a cold tag, ten times higher from one second to the next',
      figures: { requests: asked.toLocaleString('en'), failed: String(failed) },
    };
  }

  async #cpuPerMillion(path: string, sender?: Sender): Promise<number> {
    const { agent } = this.#servers;
    const read = async () => [
      await figure(agent, 'process_cpu_seconds_total'),
      await figure(agent, 'leafcutter_agent_ids_issued_total{tag="bench",mode="segment",door="http"}'),
    ];
    const [cpu = 0, ids = 0] = await read();
    await wrk(agent.url + path, this.#seconds, sender);
    const [cpuAfter = 0, idsAfter = 0] = await read();
    return ((cpuAfter - cpu) / (idsAfter - ids)) * 1e6;
  }

  async #each(name: string, round: () => Promise<void>): Promise<void> {
    for (let n = 1; n <= this.#rounds; n++) {
      this.#progress(`${name}: round ${n} of ${this.#rounds}`);
      await round();
    }
  }
}

async function start(stack: AsyncDisposableStack): Promise<Servers> {
  const bare = stack.use(
    startProcess({
      command: process.execPath,
      args: [fileURLToPath(new URL('./constant-server.mjs', import.meta.url))],
      name: 'bare node:http',
    }),
  );
  const port = await portOf(bare);
  const flags = ['--data-dir', await scratchDir('bench'), '--auto-create-tags'];
  const coordinator = await Service.start({ pace: 'product', kind: 'coordinator', name: 'bench', flags });
  stack.defer(() => coordinator.stop());
  await stepAside(coordinator.process.pid);
  const agents: Service[] = [];
  for (const directHttp of ['true', 'false']) {
    const agent = await Service.start({
      kind: 'agent',
      name: 'bench',
      flags: ['--coordinators', coordinator.url],
      env: { LEAFCUTTER_DIRECT_HTTP: directHttp },
    });
    stack.defer(() => agent.stop());
    agents.push(agent);
  }
  for (const [tag, step] of [
    ['bench', LONG_STEP],
    ['rolling', SHORT_STEP],
  ] as const) {
    const body = JSON.stringify({ tag, step, maxStep: step, start: FIRST_ID });
    await coordinator.json('/v1/tags', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  }
  const [agent, ordinary] = agents;
  if (agent === undefined || ordinary === undefined) throw new Error('two agents were started');
  const nginx = await startNginx(stack);
  for (const { pid } of [bare, agent.process, ordinary.process]) await pinServer(pid);
  // Whoever has the machine to itself only when nobody else wants it, as the coordinator has, grants late.
  for (const { url } of agents) await poll(async () => (await fetch(`${url}/v1/ids/bench`)).ok);
  const servers = { bare: `http://127.0.0.1:${port}/`, nginx, agent, ordinary };
  // Compiled and with their segments in memory, all of them.
  for (const url of [servers.bare, nginx, `${agent.url}/v1/ids/bench`, `${ordinary.url}/v1/ids/bench`])
    await wrk(url, 2);
  return servers;
}

async function portOf(bare: RunningProcess): Promise<string> {
  return /\d+$/.exec(await bare.waitForLine(/^listening on \d+$/))?.[0] ?? '';
}

async function figure({ url }: Service, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}
