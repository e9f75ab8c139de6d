/**
 * Gives a Jest that was started by hand a run of its own. One that the npm scripts started belongs to their run. Each
 * run has a bundle of the program that its tests start.
 */
import { mkdtempSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { endDeadRuns, endRun, isRunFolder, openRun } from './run-folder.mjs';

let own;

/** @public Jest calls it. */
// biome-ignore lint/style/noDefaultExport: Jest calls the default export.
export default async function beginRun() {
  if (!isRunFolder(tmpdir())) await beginOwnRun();
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  process.env.LEAFCUTTER_TEST_BUNDLE = await bundle(root, mkdtempSync(join(tmpdir(), 'leafcutter-bundle-')));
}

async function beginOwnRun() {
  await endDeadRuns();
  own = { folder: openRun(), tmpdir: process.env.TMPDIR };
  process.env.TMPDIR = own.folder;
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void endOwnRun().finally(() => process.exit(128 + constants.signals[signal])));
}

export async function endOwnRun() {
  if (own === undefined) return;
  const { folder, tmpdir: former } = own;
  own = undefined;
  if (former === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = former;
  await endRun(folder);
}
