import { z } from 'zod';
import { HIGHEST_ID, TAG_MAX_LENGTH } from '../tag.ts';

/** What `leafcutter tag apply` reads: tags as a file. People write it, so unknown fields are refused. */

const text = z.string({ error: 'must be a text; put it in quotes' });
const number = z
  .union([z.bigint(), z.number()], { error: 'must be a whole number' })
  .refine((value) => Number.isSafeInteger(Number(value)), 'must be a whole number')
  .transform(Number);
const id = z
  .union([z.bigint(), z.string()], { error: 'must be an ID' })
  .transform(String)
  .refine((value) => /^[0-9]{1,19}$/.test(value) && BigInt(value) <= HIGHEST_ID, 'must be an ID');

/**
 * What a file says of one tag. A field that is missing stays as it is, and `null` is the deployment's default. The
 * coordinator judges the values.
 */
const tagEntry = z.strictObject({
  tag: text.min(1, 'must not be empty').max(TAG_MAX_LENGTH, `must have at most ${TAG_MAX_LENGTH} characters`),
  /** The first ID, if the tag is made. */
  start: id.optional(),
  step: number.optional(),
  maxStep: number.nullable().optional(),
  targetDurationS: number.nullable().optional(),
  highestId: id.nullable().optional(),
  description: text.nullable().optional(),
  shape: text.nullable().optional(),
});
export type TagEntry = z.infer<typeof tagEntry>;

const tagFile = z.strictObject({ tags: z.array(z.unknown()) });
const named = z.object({ tag: z.string() });

/** An entry of such a file, or why it can't be used; its name is then undefined if it has none. */
type ReadEntry = TagEntry | { readonly tag: string | undefined; readonly problem: string };

/** The entries of a file; undefined if it isn't one of tags. */
export function readTagEntries(content: unknown): ReadEntry[] | undefined {
  return tagFile.safeParse(content).data?.tags.map((given) => {
    const read = tagEntry.safeParse(given);
    if (read.success) return read.data;
    return { tag: named.safeParse(given).data?.tag, problem: firstProblem(read.error) };
  });
}

/** The first thing that is wrong, as "step: must be a whole number". */
export function firstProblem({ issues: [issue] }: z.ZodError): string {
  if (issue?.code === 'unrecognized_keys') return `${issue.keys[0]}: is not a field of a tag`;
  const field = issue?.path.join('.');
  return field ? `${field}: ${issue?.message}` : 'must have fields, at least "tag"';
}
