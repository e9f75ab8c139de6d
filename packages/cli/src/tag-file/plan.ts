import { templateOf, withAnyDate } from '@leafcutter/shared/dated';
import { Shape } from '@leafcutter/shared/shape';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { firstProblem, type TagEntry } from '@leafcutter/shared/tag-file';
import { changeTagRequest, createTagRequest, type TagView } from '@leafcutter/shared/wire';
import type { ReadTag } from './tag-file.ts';

/** One field that would change, as people read it. */
interface Difference {
  readonly field: string;
  readonly from: string;
  readonly to: string;
}

/** What to do with one tag. Nothing lowers a counter. */
export interface TagStep {
  readonly tag: string;
  readonly action: 'create' | 'change' | 'keep' | 'retire' | 'refuse';
  readonly differences: readonly Difference[];
  /** What the coordinator is asked, if the tag is made or changed. */
  readonly request?: object;
  /** Why it is refused. */
  readonly problem?: string;
}

/** What can be changed about a tag. */
const FIELDS = ['step', 'maxStep', 'targetDurationS', 'highestId', 'description'] as const;
type Field = (typeof FIELDS)[number];

/** What brings the tags to what the entries say. `prune`: the tags that none of them names are retired. */
export function planTags(
  entries: readonly ReadTag[],
  existing: ReadonlyMap<string, TagView>,
  prune: boolean,
): TagStep[] {
  const steps = entries.map((entry) => {
    if ('problem' in entry) return refusal(entry.tag, entry.problem);
    const tag = existing.get(entry.tag);
    return tag === undefined ? planNew(entry) : planExisting(entry, tag);
  });
  if (!prune) return steps;
  const named = new Set(entries.map(({ tag }) => tag));
  const orphans = [...existing.values()].filter(
    (tag) => tag.state === 'active' && !named.has(tag.tag) && !isDay(tag, existing),
  );
  return [...steps, ...orphans.map(({ tag }) => ({ tag, action: 'retire' as const, differences: [] }))];
}

/** True for a tag that a template made for a day: it comes and goes with that. */
export function isDay({ tag }: TagView, existing: ReadonlyMap<string, TagView>): boolean {
  const template = templateOf(tag)?.template;
  return template !== undefined && existing.has(template);
}

/** The highest ID that a tag has if nobody sets another. */
export function roomOf(shape: string | null): string {
  const room = shape === null ? undefined : Shape.parse(withAnyDate(shape))?.highest;
  return String(room ?? HIGHEST_ID);
}

function planNew(entry: TagEntry): TagStep {
  const given = Object.entries(entry).filter(([, value]) => value !== null && value !== undefined);
  const request = Object.fromEntries(given);
  const parsed = createTagRequest.safeParse(request);
  if (!parsed.success) return refusal(entry.tag, firstProblem(parsed.error));
  const { step, maxStep } = parsed.data;
  if (maxStep !== undefined && maxStep < step)
    return refusal(entry.tag, `maxStep: must not be less than step (${step})`);
  const fields = given.filter(([field]) => field !== 'tag');
  const differences = fields.map(([field, value]) => ({ field, from: '', to: shown(value) }));
  return { tag: entry.tag, action: 'create', differences, request };
}

function planExisting(entry: TagEntry, tag: TagView): TagStep {
  const problem = problemOfChange(entry, tag);
  if (problem !== undefined) return refusal(tag.tag, problem);
  const changed = FIELDS.filter((field) => entry[field] !== undefined && !isSame(field, entry, tag));
  if (changed.length === 0) return { tag: tag.tag, action: 'keep', differences: [] };
  const request = Object.fromEntries(changed.map((field) => [field, entry[field]]));
  const parsed = changeTagRequest.safeParse(request);
  if (!parsed.success) return refusal(tag.tag, firstProblem(parsed.error));
  const differences = changed.map((field) => ({
    field,
    from: tag.defaults.includes(field) ? `${shown(tag[field])} (default)` : shown(tag[field]),
    to: entry[field] === null && field !== 'description' ? 'default' : shown(entry[field]),
  }));
  return { tag: tag.tag, action: 'change', differences, request };
}

/** What a file asks that a tag which exists cannot become. */
function problemOfChange(entry: TagEntry, tag: TagView): string | undefined {
  if (tag.state === 'retired') return 'is retired for good; use a new name';
  if (entry.shape !== undefined && entry.shape !== tag.shape)
    return `shape: is ${tag.shape ?? 'none'} and cannot be changed to ${entry.shape ?? 'none'}; use a new name`;
  const next = BigInt(tag.nextId);
  if (entry.start !== undefined && BigInt(entry.start) > next)
    return `start: the tag exists, and its next ID is ${next}, which start does not change; leave start out, or use a new name`;
  if (typeof entry.highestId === 'string' && BigInt(entry.highestId) < next - 1n)
    return `highestId: must be at least ${next - 1n}, because IDs up to there have been handed out`;
  const ownMax = tag.defaults.includes('maxStep') ? null : tag.maxStep;
  const maxStep = entry.maxStep === undefined ? ownMax : entry.maxStep;
  const step = entry.step ?? tag.step;
  if (maxStep !== null && maxStep < step) return `maxStep: must not be less than step (${step})`;
  return undefined;
}

function isSame(field: Field, entry: TagEntry, tag: TagView): boolean {
  const [wanted, is] = [entry[field], tag[field]];
  // A tag in a shape has the shape's room as its own highest ID.
  if (field === 'highestId') return tag.highestId === (wanted ?? roomOf(tag.shape));
  if (field === 'description' || field === 'step') return wanted === is;
  return wanted === null ? tag.defaults.includes(field) : wanted === is && !tag.defaults.includes(field);
}

function shown(value: unknown): string {
  if (value === null) return 'none';
  return typeof value === 'string' && !/^[0-9]+$/.test(value) ? JSON.stringify(value) : String(value);
}

function refusal(tag: string, problem: string): TagStep {
  return { tag, action: 'refuse', differences: [], problem };
}
