import { dateToken } from '@leafcutter/shared/dated';
import type { BufferView } from '@leafcutter/shared/wire';
import { type AgentRecord, MAX_RECORD_BYTES } from './roster.ts';

/**
 * A record as it is kept: a third of its JSON, and lines that a script can add up without knowing the rest.
 *
 * The first line is `revision, seenAtMs, place in the order, [the rest as JSON]`, each other one a tag:
 * `tag, thousandths of an ID per second, callers waiting, code of the last error, seconds of runway, its segments`.
 * Tabs part the fields; names are written as in JSON, so that they hold neither tabs nor ends of lines.
 */

/** Rates beyond this are no agent's; their sums stay exact. */
const MAX_RATE = 1e12;

type Segment = NonNullable<BufferView['current']>;
type Snowflake = NonNullable<AgentRecord['snowflake']>;

interface RecordText {
  /** Where the agent stands in the order of the roster, without its instance id. */
  readonly place: string;
  /** The rest of the first line. */
  readonly rest: string;
  readonly rows: readonly string[];
  /** False if tags were left out, because they did not fit. */
  readonly isWhole: boolean;
}

export function toText(agent: AgentRecord): RecordText {
  const { snowflake, clock } = agent;
  const rest = JSON.stringify([
    agent.version,
    agent.timeMs,
    clock.offsetMs,
    Number(clock.skewed),
    agent.tagCount,
    agent.nextReportMs,
    snowflake && fieldsOf(snowflake),
  ]);
  const rows: string[] = [];
  let room = MAX_RECORD_BYTES - rest.length - 2 * agent.agentId.length - 40;
  for (const buffer of agent.tags) {
    const row = rowOf(buffer);
    room -= Buffer.byteLength(row) + 1;
    if (room < 0) break;
    rows.push(row);
  }
  return { place: placeOf(agent.agentId), rest, rows, isWhole: rows.length === agent.tags.length };
}

/** The text of a record, and of the lines of its tags. */
export function joined({ revision, seenAtMs }: AgentRecord, text: RecordText): string {
  return [`${revision}\t${seenAtMs}\t${text.place}\t${text.rest}`, ...text.rows].join('\n');
}

export function fromText(instanceId: string, text: string): AgentRecord {
  const [first = '', ...rows] = text.split('\n');
  const [revision, seenAtMs, place = '', rest = ''] = first.split('\t');
  const [version, timeMs, offsetMs, skewed, tagCount, nextReportMs, snowflake] = JSON.parse(rest) as [
    string,
    number,
    number | null,
    number,
    number,
    number,
    ReturnType<typeof fieldsOf> | null,
  ];
  return {
    agentId: agentIdAt(place),
    instanceId,
    version,
    timeMs,
    clock: { offsetMs, skewed: skewed === 1 },
    tags: rows.map(bufferOf),
    snowflake: snowflake && snowflakeOf(snowflake),
    tagCount,
    nextReportMs,
    seenAtMs: Number(seenAtMs),
    revision: Number(revision),
  };
}

/** The rows of a record's tags. */
export function rowsOf(text: string): string[] {
  return text.split('\n').slice(1);
}

/** When the agent was seen and where it stands, both empty if there is no record. */
export function headOf(text: string): { readonly seenAtMs: string; readonly place: string } {
  const [, seenAtMs = '', place = ''] = text.split('\t', 3);
  return { seenAtMs, place };
}

/** A tag as rows name it. */
export function nameOf(tag: string): string {
  return JSON.stringify(tag).slice(1, -1);
}

export function tagNamed(name: string): string {
  return JSON.parse(`"${name}"`) as string;
}

/** Whether the record has a row of the tag or, if it is a template, of a tag that may be of its days. */
export function holds(text: string, tag: string): boolean {
  const token = dateToken(tag);
  const beginning = token === undefined ? `${nameOf(tag)}\t` : nameOf(tag.slice(0, tag.indexOf('{') + 1));
  return text.includes(`\n${beginning}`);
}

/** What the sums take from a row. */
export function countedOf(row: string) {
  const [name = '', rate, waiting, lastError = '', runway = ''] = row.split('\t', 5);
  return {
    name,
    rate: Number(rate),
    waiting: Number(waiting),
    lastError: lastError === '' ? null : lastError,
    runwaySeconds: runway === '' ? null : Number(runway),
  };
}

/**
 * Before each number in an id stands how many digits it has, so that bytewise order puts pod-9 before pod-10. It can
 * be read back.
 */
export function placeOf(agentId: string): string {
  return agentId.replace(/\d{1,9}/g, (digits) => digits.length + digits);
}

export function agentIdAt(place: string): string {
  let agentId = '';
  for (let at = 0; at < place.length; at++) {
    const character = place[at] as string;
    const digits = character >= '1' && character <= '9' ? Number(character) : 0;
    agentId += digits === 0 ? character : place.slice(at + 1, at + 1 + digits);
    at += digits;
  }
  return agentId;
}

function rowOf(buffer: BufferView): string {
  const { ratePerSecond, waiting, lastError, runwaySeconds, current, next } = buffer;
  const rate = Math.round(Math.min(ratePerSecond, MAX_RATE) * 1_000);
  const runway = runwaySeconds === null ? '' : Math.round(runwaySeconds * 1_000) / 1_000;
  const rest = [segmentText(current), segmentText(next), buffer.prefetchAt, buffer.remaining, buffer.refill];
  // Without spaces, because the sums are parted by them.
  const code = nameOf(lastError ?? '').replaceAll(' ', '\\u0020');
  return [nameOf(buffer.tag), rate, waiting, code, runway, rest.join(';')].join('\t');
}

function bufferOf(row: string): BufferView {
  const { name, rate, waiting, lastError, runwaySeconds } = countedOf(row);
  const [current = '', next = '', prefetchAt, remaining, refill] = row
    .slice(row.lastIndexOf('\t') + 1)
    .split(';');
  return {
    tag: tagNamed(name),
    current: segmentOf(current),
    next: segmentOf(next),
    prefetchAt: Number(prefetchAt),
    remaining: Number(remaining),
    ratePerSecond: rate / 1_000,
    runwaySeconds,
    refill: refill as BufferView['refill'],
    lastError: lastError === null ? null : tagNamed(lastError),
    waiting,
  };
}

/** Its start, how long it is, how much is used, and its size if that is something else. */
function segmentText(segment: Segment | null): string {
  if (segment === null) return '';
  const length = String(BigInt(segment.end) - BigInt(segment.start));
  const size = String(segment.size);
  return `${segment.start},${length},${segment.used}${size === length ? '' : `,${size}`}`;
}

function segmentOf(text: string): Segment | null {
  if (text === '') return null;
  const [start = '', length = '', used, size = length] = text.split(',');
  return { start, end: String(BigInt(start) + BigInt(length)), used: Number(used), size: Number(size) };
}

function fieldsOf({ window, ...own }: Snowflake) {
  const { state, machineId, windowRemainingMs, lastTimestampMs, issued, lastError } = own;
  const range = window === null ? null : ([window.from, window.to] as const);
  return [state, machineId, range, windowRemainingMs, lastTimestampMs, issued, lastError] as const;
}

function snowflakeOf(fields: ReturnType<typeof fieldsOf>): Snowflake {
  const [state, machineId, range, windowRemainingMs, lastTimestampMs, issued, lastError] = fields;
  const window = range && { from: range[0], to: range[1] };
  return { state, machineId, window, windowRemainingMs, lastTimestampMs, issued, lastError };
}
