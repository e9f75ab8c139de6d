/** Tries real clients at an agent's doors, and writes docs/clients.md. Not in CI: it downloads some 500 MB. */
import { parseArgs } from 'node:util';
import { freePort } from '../support/ports.ts';
import { startRedis } from '../support/redis-server.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { Service } from '../support/service.ts';
import { type Given, judgeHttp, judgeRedis, type Verdict } from './judge.ts';
import { type Kit, type Ran, run } from './kits.ts';
import { type NotTried, type Tried, writePage } from './page.ts';
import { KITS, ROWS, type Row } from './rows.ts';

const HELP = `Usage: npm run test:clients -- [--get] [--no-get] [WORD …]

Gets real clients by their package managers, outside the tree, tries each at an agent's doors and a redis-server, and
writes docs/clients.md. They are kept in ~/.cache/leafcutter-clients, or in LEAFCUTTER_CLIENTS_CACHE.
  --get      only gets them
  --no-get   tries those that were got before
  WORD       tries rows whose name or language has one of these words, and writes no page
`;
/** The first ID of a tag whose numbers JavaScript would round; odd ones show that. */
const FAR_START = '9007199254741001';

const begunMs = performance.now();

function say(text: string): void {
  process.stdout.write(`${((performance.now() - begunMs) / 1_000).toFixed(0).padStart(5)} s  ${text}\n`);
}

/** Gets a kit's clients; resolves to why they cannot be tried. */
async function got(kit: Kit, fetches: boolean): Promise<string | undefined> {
  if (!(await run(kit.tool, ['--version'])).isOk && !(await run(kit.tool, ['version'])).isOk) {
    if (kit.tool !== 'sh') return `${kit.tool} is not on this machine`;
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
    const words = (err || out || (isOk ? 'it printed nothing' : 'it failed')).trim();
    return { works: [], fails: [words.split('\n').at(-1) ?? ''] };
  }
}

/** Where the doors are. */
interface Doors {
  readonly http: string;
  readonly resp: string;
  readonly redis: string;
}

async function tryRow(row: Row, index: number, doors: Doors): Promise<Tried> {
  const { kit, program, name } = row;
  const version = kit.version(row.package);
  const tag = `t${index}`;
  if (row.door === 'http') {
    const ran = await kit.run(program, [name, doors.http, tag]);
    return { row, version, here: verdictOf(ran, judgeHttp), there: undefined };
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

async function tryAll(rows: readonly Row[]): Promise<Tried[]> {
  const redis = await startRedis();
  const resp = await freePort();
  const flags = ['--data-dir', await scratchDir('clients')];
  const coordinator = await Service.start({ kind: 'coordinator', name: 'coordinator', flags });
  const toDoors = ['--coordinators', coordinator.url, '--resp-listen', `127.0.0.1:${resp}`];
  const agent = await Service.start({ kind: 'agent', name: 'agent', flags: toDoors });
  const doors = { http: agent.url, resp: String(resp), redis: new URL(redis.url).port };
  const tried: Tried[] = [];
  try {
    for (const [index, row] of rows.entries()) {
      await makeTag(coordinator, `t${index}`);
      await makeTag(coordinator, `far${index}`, FAR_START);
      const result = await tryRow(row, index, doors);
      tried.push(result);
      const fails = [...result.here.fails, ...(result.there?.fails ?? []).map((what) => `redis: ${what}`)];
      say(
        `${row.door} ${row.kit.language} ${row.title} ${result.version}: ${fails.length === 0 ? 'works' : `FAILS ${fails.join('; ')}`}`,
      );
    }
  } finally {
    await agent.stop();
    await coordinator.stop();
    await redis.stop();
  }
  return tried;
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
    positionals.some((word) => `${name} ${title} ${kit.language}`.toLowerCase().includes(word.toLowerCase()));
  const wanted = ROWS.filter(isWanted);
  const kits = KITS.filter((kit) => wanted.some((row) => row.kit === kit));
  const problems = new Map<Kit, string>();
  for (const kit of kits) {
    const problem = await got(kit, values.get !== false);
    if (problem !== undefined) problems.set(kit, problem);
  }
  if (values.get !== true) {
    const tried = await tryAll(wanted.filter(({ kit }) => !problems.has(kit)));
    const notTried: NotTried[] = wanted.flatMap((row) => {
      const why = problems.get(row.kit);
      return why === undefined ? [] : [{ row, why }];
    });
    const bad = tried.filter(({ here }) => here.fails.length > 0).length;
    say(`${tried.length - bad} work, ${bad} fail, ${notTried.length} NOT RUN.`);
    if (positionals.length === 0)
      say(`Wrote ${writePage(tried, notTried, new Date().toISOString().slice(0, 10))}`);
    process.exitCode = bad === 0 ? 0 : 1;
  }
}
