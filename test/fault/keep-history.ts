import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toEdn } from '@leafcutter/cli/verify/edn';
import type { History } from '@leafcutter/cli/verify/history';
import { toJsonl } from '@leafcutter/cli/verify/jsonl';
import { writeLines } from '@leafcutter/cli/verify/write-lines';
import { keptDir } from '../support/scratch-dir.ts';

/** Where histories are kept, including those of runs that found nothing. */
const always = process.env.LEAFCUTTER_HISTORY_DIR;

/**
 * Writes a run's history, as JSON lines and as EDN for each source: if the environment asks for it, and always if the
 * run found something. Resolves to the folder; undefined if nothing was kept.
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
