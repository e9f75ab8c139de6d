/** Tries real clients at an agent's doors, and writes docs/clients.md. Not in CI: it downloads some 500 MB. */
import { parseArgs } from 'node:util';
import { freePort } from '../support/ports.ts';
import { startRedis } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { FAR_START, type Given, judgeGrpc, judgeHttp, judgeRedis, type Verdict } from './judge.ts';
import { type Kit, type Ran, run } from './kits.ts';
import { type NotTried, type Tried, writePage } from './page.ts';
import { KITS, ROWS, type Row } from './rows.ts';

const HELP = `Usage: npm run test:clients -- [--get] [--no-get] [WORD …]

Gets real clients by their package managers, outside the tree, tries each at an agent's doors and a redis-server, and
writes docs/clients.md. They are kept in ~/.cache/leafcutter-clients, or in LEAFCUTTER_CLIENTS_CACHE.
  --get      only gets them
  --no-get   takes those that were got before as they are
  WORD       tries rows whose language is one of these words or whose name has one; others stay in the page as they are
`;
const begunMs = performance.now();

function say(text: string): void {
  process.stdout.write(`${((performance.now() - begunMs) / 1_000).toFixed(0).padStart(5)} s  ${text}\n`);
}

/** Gets a kit's clients; resolves to why they cannot be tried. */
async function got(kit: Kit, fetches: boolean): Promise<string | undefined> {
  if (!(await run(kit.tool, ['--version'])).isOk && !(await run(kit.tool, ['version'])).isOk) {
    if (kit.tool !== 'bash') return `${kit.tool} is not on this machine`;
  }
  say(`${kit.language}: ${fetches ? 'gets' : 'takes'} its clients …`);
  const problem = await kit.install(fetches);
  if (problem !== undefined) say(`NOT RUN ${kit.language}: ${problem}`);
  return problem;
}

function verdictOf({ isOk, out, err }: Ran, judge: (given: Given) => Verdict): Verdict {
  try {
    return judge(JSON.parse(out.trim().split('\n').at(-1) ?? '') as Given);
  } catch {
    const words = (err || out || (isOk ? 'it printed nothing' : 'it failed')).trim().split('\n');
    return { works: [], fails: [words.findLast((line) => /error/i.test(line)) ?? words.at(-1) ?? ''] };
  }
}

/** Where the doors are. */
interface Doors {
  readonly http: string;
  readonly resp: string;
  readonly grpc: string;
  readonly redis: string;
}

async function tryRow(row: Row, index: number, doors: Doors): Promise<Tried> {
  const { kit, program, name } = row;
  const version = kit.version(row.package);
  const tag = `t${index}`;
  if (row.door === 'http') {
    // The port is for a proxy in front of the door.
    const ran = await kit.run(program, [name, doors.http, tag, String(await freePort())]);
    return { row, version, here: verdictOf(ran, judgeHttp), there: undefined };
  }
  if (row.door === 'grpc') {
    const ran = await kit.run(program, [name, doors.grpc, tag]);
    return { row, version, here: verdictOf(ran, judgeGrpc), there: undefined };
  }
  const steps = [tag, `far${index}`];
  const here = await kit.run(program, [name, doors.resp, ...steps]);
  // A client in cluster mode has nothing to do at a server without a cluster.
  const isCluster = name.endsWith('-cluster');
  const there = isCluster ? undefined : await kit.run(program, [name, doors.redis, ...steps]);
  return {
    row,
    version,
    here: verdictOf(here, (given) => judgeRedis(given, false)),
    there:
      there === undefined
        ? { works: ['–'], fails: [] }
        : verdictOf(there, (given) => judgeRedis(given, true)),
  };
}

async function makeTag(coordinator: Service, tag: string, start = '1'): Promise<void> {
  await coordinator.json('/v1/tags', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tag, start }),
  });
}

/** Tries rows, the ones of each kit once it is there; `done` hears of each kit's. */
async function tryAll(
  rows: readonly Row[],
  ready: ReadonlyMap<Kit, Promise<string | undefined>>,
  done: (tried: readonly Tried[], notTried: readonly NotTried[]) => void,
): Promise<void> {
  const redis = await startRedis();
  const resp = await freePort();
  const grpc = `127.0.0.1:${await freePort()}`;
  const flags = ['--data-dir', await scratchDir('clients')];
  const coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags });
  const opened = ['--resp-listen', `127.0.0.1:${resp}`, '--grpc-listen', grpc];
  const toDoors = ['--coordinators', coordinator.url, ...opened];
  const agent = await Service.start({ kind: 'agent', name: 'agent', flags: toDoors });
  const doors = { http: agent.url, resp: String(resp), grpc, redis: new URL(redis.url).port };
  try {
    for (const [kit, isReady] of ready) {
      const ofKit = rows.filter((row) => row.kit === kit);
      const why = await isReady;
      const tried: Tried[] = [];
      for (const row of why === undefined ? ofKit : []) {
        const index = rows.indexOf(row);
        await makeTag(coordinator, `t${index}`);
        await makeTag(coordinator, `far${index}`, FAR_START);
        tried.push(await tryRow(row, index, doors));
        say(told(tried.at(-1) as Tried));
      }
      done(tried, why === undefined ? [] : ofKit.map((row) => ({ row, why })));
    }
  } finally {
    await agent.stop();
    await coordinator.stop();
    await redis.stop();
  }
}

function told({ row, version, here, there }: Tried): string {
  const fails = [...here.fails, ...(there?.fails ?? []).map((what) => `redis-server: ${what}`)];
  const how = fails.length === 0 ? 'works' : `FAILS ${fails.join('; ')}`;
  return `${row.door} ${row.kit.language} ${row.title} ${version}: ${how}`;
}

/** Gets kit after kit, while those that are there are tried. */
function getAll(kits: readonly Kit[], fetches: boolean): ReadonlyMap<Kit, Promise<string | undefined>> {
  const ready = new Map<Kit, Promise<string | undefined>>();
  let last: Promise<unknown> = Promise.resolve();
  for (const kit of kits) {
    const isReady = last.then(() => got(kit, fetches));
    ready.set(kit, isReady);
    last = isReady;
  }
  return ready;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: { get: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help === true) {
  process.stdout.write(HELP);
} else {
  const isWanted = ({ name, title, kit }: Row) =>
    positionals.length === 0 ||
    positionals.some((word) => kit.language === word || name.includes(word) || title.includes(word));
  const wanted = ROWS.filter(isWanted);
  const kits = KITS.filter((kit) => wanted.some((row) => row.kit === kit));
  const ready = getAll(kits, values.get !== false);
  const all: Tried[] = [];
  const notRun: NotTried[] = [];
  const day = new Date().toISOString().slice(0, 10);
  if (values.get === true) await Promise.all(ready.values());
  else {
    await tryAll(wanted, ready, (tried, notTried) => {
      all.push(...tried);
      notRun.push(...notTried);
      // After each language, because the next one may take long to get.
      say(`Wrote ${writePage(all, notRun, day)}`);
    });
    const bad = all.filter(({ here }) => here.fails.length > 0).length;
    say(`${all.length - bad} work, ${bad} fail, ${notRun.length} NOT RUN.`);
    process.exitCode = bad === 0 ? 0 : 1;
  }
}
