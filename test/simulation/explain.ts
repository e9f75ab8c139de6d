import { describeFault } from './faults/fault.ts';
import type { Scenario } from './scenario.ts';
import { type Shrunk, shrink } from './shrink.ts';
import type { Plant } from './world.ts';

/** How many lines of the history are shown before what went wrong. */
const TAIL_LINES = 60;

/** The command that runs a seed again. */
function replayCommand(seed: number): string {
  return `npm run test:simulation -- --replay ${seed}`;
}

/** Shrinks a failing scenario and describes what is left of it. */
export async function explain(failing: Scenario, plant: Plant = {}): Promise<string> {
  const shrunk = await shrink(failing, plant);
  if (shrunk === undefined) return `seed ${failing.seed} is clean`;
  return [
    `seed ${failing.seed} fails; run it again with: ${replayCommand(failing.seed)}`,
    ...tell(shrunk),
  ].join('\n');
}

function tell({ scenario, outcome, runs }: Shrunk): string[] {
  const { agents, coordinators, tags, faults, healAtMs } = scenario;
  return [
    `shrunk in ${runs} runs to ${agents} agents, ${coordinators} coordinators, the tags ${tags.map(({ tag }) => tag).join(', ')}, ${healAtMs / 1000} s of trouble and ${faults.length} faults:`,
    ...faults.map((fault) => `  ${describeFault(fault)}`),
    'broken:',
    ...outcome.violations.map(({ invariant, what }) => `  ${invariant} ${what}`),
    `the last of ${outcome.lines.length} lines of its history:`,
    ...outcome.lines.slice(-TAIL_LINES),
  ];
}
