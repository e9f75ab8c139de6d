import { resolve } from 'node:path';
import { readSmallFile } from '@leafcutter/shared/read-small-file';
import { readTagEntries, type TagEntry } from '@leafcutter/shared/tag-file';
import { visible } from '@leafcutter/shared/visible';
import { parseYaml } from '@leafcutter/shared/yaml';
import { type Io, UsageError } from '../io.ts';

/** Most tags that one call names; a prune has to know all of them. */
export const MAX_TAGS = 10_000;

/** More than is read of what is piped in, in bytes; as `readSmallFile` has it for files. */
const MAX_BYTES = 1_048_576;

/** What a file says of a tag, or why that can't be used. */
export type ReadTag = TagEntry | { readonly tag: string; readonly problem: string };

/**
 * The tags of some files; `-` is what is piped in.
 * @throws UsageError if one is not a file of tags
 */
export async function readTagFiles(
  paths: readonly string[],
  { cwd, input }: Pick<Io, 'cwd' | 'input'>,
): Promise<ReadTag[]> {
  const tags: ReadTag[] = [];
  for (const path of paths) {
    const name = path === '-' ? 'what is piped in' : path;
    tags.push(...tagsIn(path === '-' ? await readAll(input()) : readFile(resolve(cwd, path)), name));
    if (tags.length > MAX_TAGS)
      throw new UsageError(`There are more than ${MAX_TAGS} tags; split them into several files.`);
  }
  return [...Map.groupBy(tags, ({ tag }) => tag)].map(([tag, [first, twin]]) =>
    twin === undefined && first !== undefined ? first : { tag, problem: 'is named more than once' },
  );
}

function tagsIn(source: string, name: string): ReadTag[] {
  const parsed = parseYaml(source);
  if ('problem' in parsed) throw unusable(name, parsed.problem);
  const entries = readTagEntries(parsed.content);
  if (entries === undefined)
    throw unusable(
      name,
      'it must contain "tags:" with a list of tags, such as "- tag: orders", and nothing else',
    );
  return entries.map((entry, index) =>
    'problem' in entry ? { ...entry, tag: entry.tag ?? `(entry ${index + 1} of ${name})` } : entry,
  );
}

function readFile(path: string): string {
  try {
    return readSmallFile(path);
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of input) {
    length += part.length;
    if (length > MAX_BYTES) throw unusable('what is piped in', 'it is larger than 1 MiB');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function unusable(name: string, why: string): UsageError {
  return new UsageError(visible(`${name} cannot be used: ${why}.`));
}
