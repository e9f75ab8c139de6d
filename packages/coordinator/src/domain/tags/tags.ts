import { dateToken, withAnyDate } from '@leafcutter/shared/dated';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { Shape } from '@leafcutter/shared/shape';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import type { ChangeTagRequest, ComparedTag, CreateTagRequest, TagView } from '@leafcutter/shared/wire';
import { maxBigint } from '../allocation/range.ts';
import type { NewTag, Noting, Store, TagChange, TagRecord } from '../allocation/store.ts';
import type { SegmentRules } from '../segments/segments.ts';
import { tagEntry } from '../trail/tag-entry.ts';
import { type Author, PROGRAM, type TrailAction } from '../trail/trail.ts';
import { otherWriterWarnings } from './other-writers.ts';
import { textWarnings } from './text-warnings.ts';

/** Told of each change that the trail got. */
export interface TrailEvents {
  trailNoted(action: TrailAction): void;
}

type TagDefaults = Pick<SegmentRules, 'maxStep' | 'targetDurationS'>;

/** Creates, changes and retires tags, and has the trail say who did. A retired tag's row stays for ever: its numbers are never reused. */
export class TagAdmin {
  readonly #store: Store;
  readonly #defaults: TagDefaults;
  readonly #events: TrailEvents;

  constructor(store: Store, defaults: TagDefaults, events: TrailEvents = { trailNoted: () => undefined }) {
    this.#store = store;
    this.#defaults = defaults;
    this.#events = events;
  }

  /** @throws BAD_REQUEST, TAG_EXISTS, STORE_UNAVAILABLE */
  async create(request: CreateTagRequest, author: Author = PROGRAM): Promise<ComparedTag> {
    const start = BigInt(request.start);
    const highestId = highestIn(
      request.shape,
      request.highestId === undefined ? undefined : BigInt(request.highestId),
    );
    requireId('start', start);
    checkHighestId(highestId, start);
    checkSteps(request.step, request.maxStep);
    const { tag, step, maxStep, targetDurationS, description, shape } = request;
    const made = { tag, nextId: start, step, maxStep, targetDurationS, highestId, description, shape };
    const record = await this.#noted('tag.create', author, (noting) => this.#store.createTag(made, noting));
    return this.#compared(record);
  }

  /** @throws BAD_REQUEST, TAG_UNKNOWN, TAG_RETIRED, STORE_UNAVAILABLE */
  async change(tag: string, request: ChangeTagRequest, author: Author = PROGRAM): Promise<TagView> {
    const before = await this.#record(tag);
    if (before.retired)
      throw new LeafcutterError('TAG_RETIRED', `Tag "${tag}" is retired and cannot be changed.`);
    const { highestId: highestText, ...rest } = request;
    const highestId =
      highestText === undefined
        ? undefined
        : (highestIn(before.shape, highestText === null ? undefined : BigInt(highestText)) ?? null);
    checkHighestId(highestId ?? undefined, maxBigint(before.nextId, before.highWater) - 1n);
    const maxStep = request.maxStep === undefined ? before.maxStep : (request.maxStep ?? undefined);
    checkSteps(request.step ?? before.step, maxStep);
    const change: TagChange = { ...rest, highestId };
    return this.#view(
      await this.#noted('tag.change', author, (noting) => this.#store.changeTag(tag, change, noting)),
    );
  }

  /** Stops agents; it warns of a Leaf, which reads no more than `leaf_alloc`. @throws TAG_UNKNOWN, STORE_UNAVAILABLE */
  async retire(tag: string, author: Author = PROGRAM): Promise<ComparedTag> {
    const retired = await this.#noted('tag.retire', author, (noting) =>
      this.#store.changeTag(tag, { retired: true }, noting),
    );
    return { ...this.#view(retired), warnings: await otherWriterWarnings(this.#store, retired) };
  }

  /** @throws TAG_UNKNOWN, STORE_UNAVAILABLE */
  async show(tag: string): Promise<ComparedTag> {
    return this.#compared(await this.#record(tag));
  }

  /** Tags in bytewise order, above `after`, at most `limit`. */
  async list(after: string | undefined, limit: number): Promise<{ tags: TagView[]; next: string | null }> {
    const records = await this.#store.listTags(after, limit + 1);
    const page = records.slice(0, limit);
    const more = records.length > limit;
    return { tags: page.map((record) => this.#view(record)), next: more ? (page.at(-1)?.tag ?? null) : null };
  }

  /** Counts what the trail got once the transaction has succeeded. */
  async #noted<T>(action: TrailAction, author: Author, write: (noting: Noting) => Promise<T>): Promise<T> {
    let isNoted = false;
    const result = await write((before, after) => {
      const entry = tagEntry(author, action, before, after);
      isNoted = entry !== undefined;
      return entry;
    });
    if (isNoted) this.#events.trailNoted(action);
    return result;
  }

  async #record(tag: string): Promise<TagRecord> {
    const record = await this.#store.findTag(tag);
    if (record === undefined) throw unknownTag(tag);
    return record;
  }

  async #compared(record: TagRecord): Promise<ComparedTag> {
    const { tag, shape } = record;
    // Bare numbers are common to all tags, so they need no warning.
    const warnings = shape === undefined ? [] : await textWarnings(this.#store, { tag, shape });
    return { ...this.#view(record), warnings };
  }

  #view(record: TagRecord): TagView {
    return {
      tag: record.tag,
      state: record.retired ? 'retired' : 'active',
      nextId: String(maxBigint(record.nextId, record.highWater)),
      step: record.step,
      maxStep: record.maxStep ?? this.#defaults.maxStep,
      targetDurationS: record.targetDurationS ?? this.#defaults.targetDurationS,
      highestId: String(record.highestId ?? HIGHEST_ID),
      description: record.description ?? null,
      shape: record.shape ?? null,
      defaults: (['maxStep', 'targetDurationS', 'highestId'] as const).filter(
        (field) => record[field] === undefined,
      ),
    };
  }
}

/**
 * A tag that is made again keeps its shape: two shapes of one tag may write the same text for different numbers. A
 * template hands out nothing itself; the tags of its days do.
 * @throws BAD_REQUEST if the earlier tag handed out numbers, up to `highWater`, in another shape
 */
export function checkSameShape(tag: NewTag, highWater: bigint, earlier: string | undefined): void {
  const isUsed = highWater > 0n || (earlier !== undefined && dateToken(tag.tag) !== undefined);
  if (!isUsed || earlier === tag.shape) return;
  const was = earlier === undefined ? 'no shape' : `shape ${earlier}`;
  throw new LeafcutterError(
    'BAD_REQUEST',
    `An earlier tag "${tag.tag}" handed out numbers with ${was}; another shape could write the same texts again. Use a new name.`,
    { reason: 'shape' },
  );
}

/** The highest ID that a tag of this shape may have; undefined for the deployment's default. @throws BAD_REQUEST */
function highestIn(shape: string | undefined, highestId: bigint | undefined): bigint | undefined {
  const room = shape === undefined ? HIGHEST_ID : (Shape.parse(withAnyDate(shape))?.highest ?? 0n);
  if (highestId === undefined) return room === HIGHEST_ID ? undefined : room;
  if (highestId <= room || room === HIGHEST_ID) return highestId;
  throw new LeafcutterError('BAD_REQUEST', `highestId: the tag's shape has room up to ${room}.`, {
    reason: 'highestId',
  });
}

export function unknownTag(tag: string): LeafcutterError {
  return new LeafcutterError(
    'TAG_UNKNOWN',
    `There is no tag "${tag}"; create it with "leafcutter tag create", or POST /v1/tags at a coordinator.`,
  );
}

function requireId(field: string, id: bigint): void {
  if (id >= 1n && id <= HIGHEST_ID) return;
  throw new LeafcutterError('BAD_REQUEST', `${field} must be an ID from 1 to ${HIGHEST_ID}.`, {
    reason: field,
  });
}

function checkHighestId(highestId: bigint | undefined, atLeast: bigint): void {
  if (highestId === undefined) return;
  requireId('highestId', highestId);
  if (highestId >= atLeast) return;
  throw new LeafcutterError(
    'BAD_REQUEST',
    `highestId must be at least ${atLeast}: IDs below that have been handed out.`,
    {
      reason: 'highestId',
    },
  );
}

function checkSteps(step: number, maxStep: number | undefined): void {
  if (maxStep === undefined || maxStep >= step) return;
  throw new LeafcutterError('BAD_REQUEST', `maxStep must not be less than step (${step}).`, {
    reason: 'maxStep',
  });
}
