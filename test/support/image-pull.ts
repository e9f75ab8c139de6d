import { stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, dockerSays } from './docker-cli.ts';

const QUICK_TRY_MS = 20_000;
const REMEMBERED_MS = 60 * 60 * 1_000;
const NO_REGISTRY = join(tmpdir(), 'leafcutter-test-no-registry');

/**
 * True when the engine has this image, pulling it if a registry gives it within 20 seconds. That no registry
 * answered is remembered for an hour and by all test files: a file on disk says so, since Jest loads modules
 * anew for each. `LEAFCUTTER_TEST_PULL=0` keeps from asking at all.
 */
export async function hasOrPulls(image: string): Promise<boolean> {
  if (await dockerSays(['image', 'inspect', image])) return true;
  if (process.env.LEAFCUTTER_TEST_PULL === '0' || (await failedLately())) return false;
  try {
    await docker(['pull', '--quiet', image], QUICK_TRY_MS);
    return true;
  } catch {
    await writeFile(NO_REGISTRY, `${image} could not be pulled; delete this file to try again at once.\n`);
    return false;
  }
}

async function failedLately(): Promise<boolean> {
  return stat(NO_REGISTRY).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < REMEMBERED_MS,
    () => false,
  );
}
