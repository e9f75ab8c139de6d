import { datedNameIn } from '@leafcutter/shared/dated';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Explanation, SegmentExplanation, SnowflakeExplanation } from '@leafcutter/shared/inspection';
import { decode, type SnowflakeLayout } from '@leafcutter/shared/layout';
import { LOST_INSTANCE_ID, PRUNED_INSTANCE_ID } from '@leafcutter/shared/ledger';
import { OpaqueKeys } from '@leafcutter/shared/opaque-keys';
import { Shape } from '@leafcutter/shared/shape';
import { HIGHEST_ID } from '@leafcutter/shared/tag';
import { type LedgerEntry, maxBigint } from '../allocation/range.ts';
import type { Store, TagRecord } from '../allocation/store.ts';
import { unknownTag } from '../tags/tags.ts';
import { viewOfRange } from './ledger-pages.ts';

/** How many tags a question without a tag looks at. */
const MAX_TAGS = 1_000;

/**
 * Tells from the ledger who was given an ID. It knows what was granted, not what was issued: an agent may have died
 * with the rest of a segment.
 */
export class Explainer {
  readonly #store: Store;
  readonly #layout: SnowflakeLayout;

  readonly #keys: OpaqueKeys;

  /** `keys`: of opaque tags; default none. */
  constructor(store: Store, layout: SnowflakeLayout, keys = new OpaqueKeys([])) {
    this.#store = store;
    this.#layout = layout;
    this.#keys = keys;
  }

  /**
   * Everything that the ID may be: a number of any tag, and a snowflake if somebody was granted its time. @throws
   * STORE_UNAVAILABLE
   */
  async anything(id: bigint): Promise<Explanation> {
    const { ranges, next } = await this.#store.rangesHolding(id, undefined, MAX_TAGS);
    const snowflake = await this.#snowflake(id);
    const records = await this.#store.findTags(ranges.map(tagOf));
    const shapes = new Map(records.map((record) => [record.tag, this.#shapeOf(record)]));
    return {
      id: String(id),
      segments: ranges.map((range) => explainRange(tagOf(range), id, range, shapes.get(tagOf(range)))),
      // Every number up to 2^63 can be read as a snowflake, so one that was never granted is no answer.
      snowflake: snowflake?.range == null ? null : snowflake,
      more: next !== undefined,
    };
  }

  /** The ID as one of a tag, in the tag's shape. @throws TAG_UNKNOWN, BAD_REQUEST, STORE_UNAVAILABLE */
  async inTag(asked: string, text: string): Promise<Explanation> {
    const { tag, record } = await this.#writerOf(asked, text);
    const shape = record && this.#shapeOf(record);
    const id = numberOf(text, shape);
    const [range] = await this.#store.latestRanges({ kind: 'tag', tag }, id + 1n, 1);
    if (record === undefined && range === undefined) throw unknownTag(tag);
    const holds = range !== undefined && range.end > id;
    const counter = record === undefined ? 0n : maxBigint(record.nextId, record.highWater);
    const segment = holds ? explainRange(tag, id, range, shape) : notInLedger(tag, id, counter, range);
    return { id: String(id), segments: [segment], snowflake: null, more: false };
  }

  /** The ID as a snowflake. @throws BAD_REQUEST if it does not fit the layout, STORE_UNAVAILABLE */
  async asSnowflake(id: bigint): Promise<Explanation> {
    const snowflake = await this.#snowflake(id);
    if (snowflake === null) {
      throw new LeafcutterError('BAD_REQUEST', 'id does not fit the snowflake layout of this deployment.', {
        reason: 'id',
      });
    }
    return { id: String(id), segments: [], snowflake, more: false };
  }

  /**
   * The number behind an ID of a tag, and the tag that owns it: for a template, the tag of the day.
   * @throws TAG_UNKNOWN, BAD_REQUEST, STORE_UNAVAILABLE
   */
  async decode(asked: string, text: string): Promise<{ tag: string; number: bigint; shape?: string }> {
    const { tag, record } = await this.#writerOf(asked, text);
    if (record === undefined) throw unknownTag(tag);
    const number = numberOf(text, this.#shapeOf(record));
    return record.shape === undefined ? { tag, number } : { tag, number, shape: record.shape };
  }

  /** The tag that wrote a text: the given one or, for a template, the tag of the day in the text. */
  async #writerOf(tag: string, text: string): Promise<{ tag: string; record: TagRecord | undefined }> {
    const record = await this.#store.findTag(tag);
    const ofDay = record?.shape === undefined ? undefined : datedNameIn(tag, record.shape, text);
    return ofDay === undefined ? { tag, record } : { tag: ofDay, record: await this.#store.findTag(ofDay) };
  }

  #shapeOf({ tag, shape }: TagRecord): Shape | undefined {
    return shape === undefined ? undefined : Shape.parse(shape, this.#keys.forTag(tag));
  }

  async #snowflake(id: bigint): Promise<SnowflakeExplanation | null> {
    const { timestampBits, machineIdBits, sequenceBits, datacenterBits } = this.#layout;
    if (id >> BigInt(timestampBits + machineIdBits + sequenceBits) !== 0n) return null;
    const parts = decode(this.#layout, id);
    const at = BigInt(parts.timestampMs);
    const [window] = await this.#store.latestRanges(
      { kind: 'machine', machineId: parts.machineId },
      at + 1n,
      1,
    );
    const range = window !== undefined && window.end > at ? window : undefined;
    const now = await this.#store.now();
    const verdict = verdictOf(range) ?? (parts.timestampMs > now ? 'future' : 'unrecorded');
    return {
      verdict,
      sentence: snowflakeSentence(verdict, parts.machineId, range),
      ...parts,
      time: new Date(parts.timestampMs).toISOString(),
      ...(datacenterBits === 0 ? {} : { datacenter: parts.machineId >> (machineIdBits - datacenterBits) }),
      range: range === undefined ? null : viewOfRange(range),
    };
  }
}

/** The number that the tag writes as this text. @throws BAD_REQUEST */
function numberOf(text: string, shape: Shape | undefined): bigint {
  const number = shape === undefined ? decimalId(text) : shape.read(text);
  if (number !== undefined) return number;
  const form =
    shape === undefined
      ? 'in decimal digits'
      : `in the form in which its tag writes them, ${shape.text}${shape.isOpaque ? ', with a key that the coordinator has' : ''}`;
  throw new LeafcutterError('BAD_REQUEST', `id must be an ID ${form}.`, { reason: 'id' });
}

/** Undefined if the text is not an ID in decimal digits. */
export function decimalId(text: string): bigint | undefined {
  return /^[0-9]{1,19}$/.test(text) && BigInt(text) <= HIGHEST_ID ? BigInt(text) : undefined;
}

function verdictOf(range: LedgerEntry | undefined): 'granted' | 'lost' | 'pruned' | undefined {
  if (range?.instanceId === LOST_INSTANCE_ID) return 'lost';
  if (range?.instanceId === PRUNED_INSTANCE_ID) return 'pruned';
  return range && 'granted';
}

function explainRange(
  tag: string,
  id: bigint,
  range: LedgerEntry,
  shape: Shape | undefined,
): SegmentExplanation {
  const verdict = verdictOf(range) ?? 'granted';
  const place = `number ${id - range.start + 1n} of ${range.end - range.start}`;
  const sentences = {
    granted: `An ID of ${tag}, ${place} in a segment granted to agent ${range.agentId} on ${when(range)}.`,
    lost: `An ID of ${tag} that was handed out; MySQL lost the record of who got it.`,
    pruned: `An ID of ${tag} that was handed out by ${when(range)}; who got it was pruned from the ledger.`,
  };
  const written = shape?.canWrite === true ? ` The tag writes it ${shape.write(id)}.` : '';
  return { tag, verdict, sentence: sentences[verdict] + written, range: viewOfRange(range) };
}

/** `below` is the highest range that starts at or below the ID; it ends before it. */
function notInLedger(
  tag: string,
  id: bigint,
  counter: bigint,
  below: LedgerEntry | undefined,
): SegmentExplanation {
  if (id >= counter) {
    const sentence = `Not an ID of ${tag} yet: its counter is at ${counter}.`;
    return { tag, verdict: 'not_granted', sentence, range: null };
  }
  // A Leaf beside writes no ledger.
  const taken = 'another writer of leaf_alloc, such as a Leaf, took it, or it was passed over';
  const sentence =
    below === undefined
      ? `An ID of ${tag} below everything in the ledger: it is older than Leafcutter, ${taken}.`
      : `An ID of ${tag} between segments of the ledger: ${taken}.`;
  return { tag, verdict: 'unrecorded', sentence, range: null };
}

function snowflakeSentence(
  verdict: SnowflakeExplanation['verdict'],
  machineId: number,
  range: LedgerEntry | undefined,
): string {
  if (verdict === 'future') return 'Its time has not come: nobody can have issued it yet.';
  if (range === undefined)
    return `The ledger has no window of machine id ${machineId} at that time: this is not a snowflake of this deployment.`;
  if (verdict === 'lost')
    return `A snowflake of machine id ${machineId}; MySQL lost the record of who held it.`;
  if (verdict === 'pruned')
    return `A snowflake of machine id ${machineId}; who held it at that time was pruned from the ledger.`;
  return `A snowflake of machine id ${machineId}, held by agent ${range.agentId} in a window granted on ${when(range)}.`;
}

function when({ grantedAtMs }: LedgerEntry): string {
  return new Date(grantedAtMs)
    .toISOString()
    .replace('T', ' at ')
    .replace(/\.\d+Z$/, ' UTC');
}

function tagOf({ counter }: LedgerEntry): string {
  return counter.kind === 'tag' ? counter.tag : '';
}
