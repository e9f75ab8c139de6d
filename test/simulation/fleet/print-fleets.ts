import { compared, cpuTableOf, describeRun, faultsOf, tableOf } from './compare.ts';
import { type FleetOutcome, type FleetPlan, runFleetInThreads } from './run-fleet.ts';

const MEASURED_MS = 600_000;

/** Runs fleets of these sizes and prints how they compare with the model. Resolves to false if one does not hold. */
export async function printFleets(
  sizes: readonly number[],
  plan: Pick<FleetPlan, 'coordinators' | 'deployments' | 'isWatched'>,
  threads: number,
  say: (text: string) => void,
): Promise<boolean> {
  const outcomes: FleetOutcome[] = [];
  let holds = true;
  for (const agents of sizes) {
    const size = agents.toLocaleString('en');
    const progress = (text: string) => say(`${size} agents: ${text}`);
    const outcome = await runFleetInThreads({ ...plan, agents, measuredMs: MEASURED_MS, progress }, threads);
    outcomes.push(outcome);
    for (const { name, counted, model } of compared(outcome))
      say(`${size} agents: ${name} ${counted.toFixed(1)}, ${((counted / model - 1) * 100).toFixed(2)} % off`);
    for (const fault of faultsOf(outcome)) {
      holds = false;
      say(`${size} agents: FAULT ${fault}`);
    }
  }
  const [first] = outcomes;
  if (first !== undefined) say(`\n${describeRun(first)}\n\n${tableOf(outcomes)}\n\n${cpuTableOf(outcomes)}`);
  return holds;
}
