import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { docker, dockerSays } from './docker-cli.ts';
import { runFolder } from './scratch-dir.ts';

const QUICK_TRY_MS = 20_000;

/**
 * True if the engine has this image, or gets it from a registry within 20 seconds. A pulled image stays in an engine
 * that is not ours. If no registry answered, that is remembered for the run and all its test files: in a file, since
 * Jest loads modules anew for each. `LEAFCUTTER_TEST_PULL=0` prevents pulling.
 */
export async function hasOrPulls(image: string): Promise<boolean> {
  if (await dockerSays(['image', 'inspect', image])) return true;
  const noRegistry = join(runFolder(), 'no-registry');
  if (process.env.LEAFCUTTER_TEST_PULL === '0' || existsSync(noRegistry)) return false;
  try {
    await docker(['pull', '--quiet', image], QUICK_TRY_MS);
    process.stderr.write(`Kept in an engine that ran before: the image ${image}, which was pulled.\n`);
    return true;
  } catch {
    await writeFile(noRegistry, '');
    return false;
  }
}
