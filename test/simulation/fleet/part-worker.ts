import { parentPort, workerData } from 'node:worker_threads';
import { type PartPlan, runPart } from './run-part.ts';

/** Runs one deployment's part of a fleet in its own thread. */
const outcome = await runPart(workerData as PartPlan, (text) => parentPort?.postMessage(text));
parentPort?.postMessage(outcome);
