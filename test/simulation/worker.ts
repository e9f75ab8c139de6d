import { parentPort, workerData } from 'node:worker_threads';
import { scenarioOf } from './scenario.ts';
import { simulate } from './simulate.ts';
import { addOutcome, noTotals } from './totals.ts';

/** Runs every `stride`th seed from `first` up to before `end`, and sends totals now and then. */
const { first, end, stride } = workerData as { first: number; end: number; stride: number };

const REPORT_EVERY = 25;

let totals = noTotals();
for (let seed = first; seed < end; seed += stride) {
  addOutcome(totals, seed, await simulate(scenarioOf(seed)));
  if (totals.seeds < REPORT_EVERY) continue;
  parentPort?.postMessage(totals);
  totals = noTotals();
}
parentPort?.postMessage(totals);
