import { endOwnRun } from './jest-setup.mjs';

/** @public Jest calls it. */
// biome-ignore lint/style/noDefaultExport: Jest calls the default export.
export default function end() {
  return endOwnRun();
}
