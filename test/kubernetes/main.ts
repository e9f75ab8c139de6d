/** Holds chart and manifests against an API server and its controllers. Not in CI: it builds them, once. */
import { parseArgs } from 'node:util';
import { CHECKS } from './checks.ts';
import { Cluster } from './cluster.ts';
import { PAGE, type Seen, writePage } from './page.ts';
import { POD_ROWS } from './pod-rows.ts';
import { getPrograms, VERSIONS } from './programs.ts';
import { SETTING_ROWS } from './setting-rows.ts';
import { bad, earlierSubject, type Finding, presentSubject, reason, type Subject, Trial } from './subject.ts';

const HELP = `Usage: npm run test:kubernetes -- [--get] [WORD …]

Gets an API server, its controllers, a scheduler, etcd, Helm 3 and 4 and a registry, starts them on 127.0.0.1 with simulated nodes, tries
the chart and the plain manifests on them, and writes the tables of deploy/README.md. They are kept in
~/.cache/leafcutter-servers; the first time takes ten minutes and Go.
  --get   only gets them
  WORD    tries what has one of these words in its name; the page stays as it is
`;

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

async function tryAll(cluster: Cluster, words: readonly string[]): Promise<void> {
  for (const file of cluster.programs.customTypes) {
    const ran = await cluster.kubectl(['apply', '--server-side', '-f', file]);
    if (!ran.isOk) throw new Error(`${file}: ${reason(ran)}`);
  }
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  const isWanted = (name: string) => words.length === 0 || words.some((word) => name.includes(word));
  const earlier = await earlierSubject();
  const faults: Seen[] = [];
  const rows = [
    ...SETTING_ROWS.map((row) => ({ row, isAlone: false })),
    // These drain and taint nodes.
    ...POD_ROWS.map((row) => ({ row, isAlone: true })),
  ];
  for (const { row, isAlone } of rows) {
    if (!isWanted(row.fault)) continue;
    say(row.fault);
    const now = isAlone ? undefined : see(cluster, presentSubject, row.see);
    const before = await see(cluster, earlier, row.see);
    say(`  before: ${mark(before)}`);
    const after = await (now ?? see(cluster, presentSubject, row.see));
    say(`  now:    ${mark(after)}`);
    faults.push({ what: row.fault, before, after });
  }
  const checks: Seen[] = [];
  for (const { what, see: how } of CHECKS) {
    if (!isWanted(what)) continue;
    say(what);
    const after = await see(cluster, presentSubject, how);
    say(`  now:    ${mark(after)}`);
    checks.push({ what, after });
  }
  const all = [...faults, ...checks];
  const failed = all.filter(({ after }) => !after.isGood).length;
  process.exitCode = failed > 0 || all.length === 0 ? 1 : 0;
  say(`${all.length - failed} passed, ${failed} failed`);
  if (words.length > 0) return;
  const { kubernetes, helm3, etcd } = VERSIONS;
  writePage(faults, checks, `Kubernetes ${kubernetes}, etcd ${etcd}, Helm ${helm3} and 4.1.4`);
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
