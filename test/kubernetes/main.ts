/** Holds chart and manifests against an API server and its controllers. Not in CI: it builds them, once. */
import { parseArgs } from 'node:util';
import { CHECKS } from './checks.ts';
import { Cluster } from './cluster.ts';
import { PAGE, type Seen, writePage } from './page.ts';
import { POD_ROWS } from './pod-rows.ts';
import { getPrograms, VERSIONS } from './programs.ts';
import { SETTING_ROWS } from './setting-rows.ts';
import {
  bad,
  earlierSubject,
  type Finding,
  presentSubject,
  reason,
  type Subject,
  type Task,
  Trial,
} from './subject.ts';

const HELP = `Usage: npm run test:kubernetes -- [--get] [WORD …]

Gets an API server, its controllers, a scheduler, etcd, Helm 3 and 4 and a registry, starts them on 127.0.0.1 with simulated nodes, tries
the chart and the plain manifests on them, and writes the tables of deploy/README.md. They are kept in
~/.cache/leafcutter-servers; the first time takes ten minutes and Go.
  --get   only gets them
  WORD    tries what has one of these words in its name; the other rows of the page stay as they are
`;

/** Most of the time goes by waiting. */
const AT_ONCE = 3;
const begunMs = performance.now();

function say(text: string): void {
  process.stdout.write(`${((performance.now() - begunMs) / 1_000).toFixed(0).padStart(5)} s  ${text}\n`);
}

let count = 0;

/** What is seen in a namespace of its own; an error is a finding, too. */
async function see(
  cluster: Cluster,
  subject: Subject,
  what: (on: Trial) => Promise<Finding>,
): Promise<Finding> {
  count += 1;
  const namespace = `t${count}-${subject.name}`;
  try {
    await cluster.namespace(namespace);
    return await what(new Trial(cluster, subject, namespace));
  } catch (error) {
    return bad(`not seen: ${(error as Error).message.slice(0, 200)}`);
  } finally {
    await cluster.remove(namespace);
  }
}

const mark = (finding: Finding) => `${finding.isGood ? 'good' : 'BAD '} ${finding.what}`;

/** Tries it on the present subject, and on an earlier one if there is one. */
async function tryOne(
  { what, see: how }: Task,
  cluster: Cluster,
  earlier: Subject | undefined,
  isAlone: boolean,
): Promise<Seen> {
  const now = () => see(cluster, presentSubject, how);
  const begun = isAlone ? undefined : now();
  const before = earlier && (await see(cluster, earlier, how));
  const after = await (begun ?? now());
  if (isAlone) await cluster.untilRemoved();
  say(what);
  if (before) say(`  before: ${mark(before)}`);
  say(`  now:    ${mark(after)}`);
  return { what, after, ...(before && { before }) };
}

/** The results of jobs, of which several run at once. */
async function severalAtOnce<T>(jobs: readonly (() => Promise<T>)[], atOnce: number): Promise<T[]> {
  const results: T[] = [];
  const left = jobs.entries();
  const work = async () => {
    for (const [index, job] of left) results[index] = await job();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

async function tryAll(cluster: Cluster, words: readonly string[]): Promise<void> {
  for (const file of cluster.programs.customTypes) {
    const ran = await cluster.kubectl(['apply', '--server-side', '-f', file]);
    if (!ran.isOk) throw new Error(`${file}: ${reason(ran)}`);
  }
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  const isWanted = ({ what }: Task) => words.length === 0 || words.some((word) => what.includes(word));
  const earlier = await earlierSubject();
  const together = (tasks: readonly Task[], before?: Subject) =>
    tasks.filter(isWanted).map((task) => () => tryOne(task, cluster, before, false));
  const settings = together(SETTING_ROWS, earlier);
  const seen = await severalAtOnce([...settings, ...together(CHECKS)], AT_ONCE);
  const faults = seen.slice(0, settings.length);
  const checks = seen.slice(settings.length);
  await cluster.untilRemoved();
  // These drain and taint nodes.
  for (const task of POD_ROWS.filter(isWanted)) faults.push(await tryOne(task, cluster, earlier, true));
  const all = [...faults, ...checks];
  const failed = all.filter(({ after }) => !after.isGood).length;
  process.exitCode = failed > 0 || all.length === 0 ? 1 : 0;
  say(`${all.length - failed} passed, ${failed} failed`);
  const { kubernetes, helm3, etcd } = VERSIONS;
  const tables = [
    { head: ['what', 'before', 'now'], tasks: [...SETTING_ROWS, ...POD_ROWS], seen: faults },
    { head: ['what else is tried', 'seen'], tasks: CHECKS, seen: checks },
  ];
  writePage(tables, `Kubernetes ${kubernetes}, etcd ${etcd}, Helm ${helm3} and 4.1.4`);
  say(`The tables are in ${PAGE}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { get: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
});
if (values.help === true) process.stdout.write(HELP);
else {
  const programs = await getPrograms(say);
  say('has all programs');
  if (!values.get) {
    await using cluster = await Cluster.start(programs);
    say('the control plane answers');
    await tryAll(cluster, positionals);
  }
}
