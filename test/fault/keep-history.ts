import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toEdn } from '@leafcutter/cli/verify/edn';
import type { History } from '@leafcutter/cli/verify/history';
import { toJsonl } from '@leafcutter/cli/verify/jsonl';
import { writeLines } from '@leafcutter/cli/verify/write-lines';
import { keptDir } from '../support/scratch-dir.ts';

/** Where histories are kept of runs that found nothing, too. */
const always = process.env.LEAFCUTTER_HISTORY_DIR;

/**
 * Writes a run's history, as JSON lines and for each source as EDN: where the environment asks for it, and always
 * where the run found something. Answers the folder, undefined where nothing was kept.
 */
export async function keepHistory(
  history: History,
  name: string,
  sources: readonly string[],
  broken: boolean,
): Promise<string | undefined> {
  if (always === undefined && !broken) return undefined;
  const parent = always ?? (await keptDir('history'));
  const folder = join(parent, name.replaceAll(/[^a-z0-9-]+/g, '-'));
  await mkdir(folder, { recursive: true });
  await writeLines(join(folder, 'history.jsonl'), toJsonl(history));
  for (const source of sources) await writeLines(join(folder, `${source}.edn`), toEdn(history, source));
  return folder;
}
