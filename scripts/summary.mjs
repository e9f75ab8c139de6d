/** What a run says at its end, from the results of its steps. */

const SLOWEST = 10;
/** If this many tests of one file fail, they are named together: a failed hook takes them all with it. */
const TOO_MANY_TO_NAME = 10;

/** The script that runs a suite. */
const SCRIPTS = {
  unit: 'test:unit',
  contract: 'test:integration',
  integration: 'test:integration',
  containers: 'test:integration',
  simulation: 'test:simulation',
  fault: 'test:fault',
};

/**
 * @param {readonly import('./lanes.mjs').Result[]} steps
 * @param {readonly string[]} args what the person asked for
 * @returns {{ text: string, isGreen: boolean }}
 */
export function summarize(steps, args = []) {
  const files = steps.flatMap(({ tally }) => tally?.files ?? []);
  const isEmpty = steps.some(({ tally }) => tally !== undefined) && !files.some(hasRun);
  const results = steps.map((step) =>
    isEmpty && step.tally !== undefined ? { ...step, failed: true } : step,
  );
  const failed = results.filter((result) => result.failed).length;
  const sections = [
    section('Steps', results.map(stepLine)),
    files.length > 1 ? section('Slowest files', slowest(files)) : [],
    section(
      'NOT RUN',
      results.flatMap(({ notRun }) => notRun.map((line) => line.replace(/^NOT RUN\W*/, ''))),
    ),
    section(
      'Skipped',
      files.flatMap(({ path, tests }) => skipped(path, tests)),
    ),
    section('Failed', [...files.flatMap(failures), ...results.flatMap(unfinished)]),
    isEmpty ? [nothingRan(args)] : [],
    [`Steps: ${results.length - failed} passed, ${failed} failed`],
  ];
  return {
    text: sections
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n'),
    isGreen: failed === 0,
  };
}

const section = (title, lines) => (lines.length > 0 ? [title, ...lines.map((line) => `  ${line}`)] : []);
const hasRun = ({ tests, broken }) => broken || tests.some(({ status }) => status !== 'pending');

function stepLine({ name, failed, seconds, tally }) {
  const time = `${seconds.toFixed(1)} s`.padStart(8);
  return `${failed ? 'FAILED' : 'ok    '} ${time}  ${name}${tally === undefined ? '' : counts(tally)}`;
}

function counts(tally) {
  const said = [
    ['passed', 'passed'],
    ['failed', 'failed'],
    ['pending', 'skipped'],
  ]
    .map(([status, word]) => [tally.count(status), word])
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`);
  if (!tally.hasEnded) said.push('ended half-way');
  return `: ${said.length > 0 ? said.join(', ') : 'no test matched'}`;
}

function slowest(files) {
  return [...files]
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST)
    .map(({ path, seconds }) => `${seconds.toFixed(1).padStart(6)} s  ${path}`);
}

function skipped(path, tests) {
  return tests.filter(({ status }) => status === 'pending').map(({ title }) => `${path}: ${title}`);
}

function failures({ path, suite, tests, broken }) {
  const failed = tests.filter(({ status }) => status === 'failed');
  if (broken) return [`${path} as a whole`, `    ${runAlone(suite, path)}`];
  if (failed.length >= TOO_MANY_TO_NAME && failed.length === tests.length)
    return [`${path}: all of its ${tests.length} tests`, `    ${runAlone(suite, path)}`];
  return failed.flatMap(({ title, name }) => [`${path}: ${title}`, `    ${runAlone(suite, path, name)}`]);
}

/** What no test can tell about itself: that it ended the process, or kept it from ending. */
function unfinished({ name, tally, lingered }) {
  const cut = (tally?.unfinished() ?? []).map((path) => `${path}: Jest ended while it was under way`);
  return lingered
    ? [...cut, `${name}: Jest did not exit after its last test, which left something open`]
    : cut;
}

/** The command that runs one file, or one test of it. */
export function runAlone(suite, path, name) {
  const filter = name === undefined ? '' : ` -t ${quoted(`^${escaped(name)}$`)}`;
  return `npm run ${SCRIPTS[suite]} -- ${path}${filter}`;
}

/** Jest takes the name for a regular expression, and the shell splits it into words. */
const escaped = (name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
const quoted = (word) => `'${word.replaceAll("'", String.raw`'\''`)}'`;

function nothingRan(args) {
  const wanted = args.length > 0 ? `nothing matches ${args.join(' ')}` : 'there is none';
  return `No test ran: ${wanted}. That counts as a failure.`;
}
