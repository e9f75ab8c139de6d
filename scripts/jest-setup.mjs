/** Gives a Jest that was started by hand a run of its own. One that the npm scripts started is part of theirs. */
import { constants, tmpdir } from 'node:os';
import { endDeadRuns, endRun, isRunFolder, openRun } from './run-folder.mjs';

let own;

/** @public Jest calls it. */
// biome-ignore lint/style/noDefaultExport: Jest calls the default export.
export default async function beginRun() {
  if (isRunFolder(tmpdir())) return;
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
