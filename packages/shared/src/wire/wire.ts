import { z } from 'zod';
import { dateToken, isZone, withAnyDate, withoutZone, zoneOf } from '../shapes/dated.ts';
import { SHAPE_FORM, Shape } from '../shapes/shape.ts';
import { NEW_TAG_PATTERN, TAG_MAX_LENGTH } from '../tag.ts';
import { PLAIN_TEXT, PLAIN_TEXT_FORM } from '../visible.ts';

/**
 * What agents and coordinators say to each other, as schemas. IDs travel as decimal strings, times as unix
 * milliseconds. Unknown fields are ignored: the partner may be of the next release.
 */

/** 2^63 − 1. */
const HIGHEST_END = '9223372036854775807';
/** Up to 2^63 − 1: the end of a segment is exclusive. */
export const id = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,18})$/, 'must be a whole number as a decimal string')
  .refine((text) => text.padStart(19, '0') <= HIGHEST_END, 'must be below 2^63');
export const unixMs = z.int().min(0);
/** Configured, readable, stable name of an agent. */
const agentId = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'must have 1 to 200 printable characters and no spaces');
/** Random per process start. */
const instanceId = z.uuid();

export const segmentRequest = z.object({
  agentId,
  instanceId,
  /** IDs per second drawn from this tag lately, by this agent. */
  ratePerSecond: z.number().min(0).max(1e12),
  /** IDs that callers wait for at this moment. */
  waitingIds: z.int().min(0).max(1e12),
  /** The largest block of consecutive IDs that a caller waits for. */
  blockIds: z.int().min(0).max(1e12).default(0),
  /** The last segment that was used up: how many IDs it held and how long it lasted. Absent until there is one. */
  lastSegment: z.object({ step: z.int().min(1), lastedMs: z.int().min(0) }).optional(),
  /** The agent's clock; given if it asks ahead for the tag of a day that is about to begin. */
  agentTimeMs: unixMs.optional(),
  /** What this agent understands beyond bare numbers. It is refused a tag that needs more. */
  understands: z.array(z.string().max(64)).max(64).optional(),
});
export type SegmentRequest = z.infer<typeof segmentRequest>;

export const segmentAnswer = z.object({
  deploymentId: z.string(),
  tag: z.string(),
  /** The segment is `[start, end)`. */
  start: id,
  end: id,
  /** How the tag writes its numbers; absent if they are bare. */
  shape: z.string().optional(),
});
export type SegmentAnswer = z.infer<typeof segmentAnswer>;

export const decodeRequest = z.object({
  agentId,
  instanceId,
  /** The ID as its tag writes it. */
  id: z.string().min(1).max(128),
});
export type DecodeRequest = z.infer<typeof decodeRequest>;

export const decodeAnswer = z.object({
  deploymentId: z.string(),
  /** The tag that owns the number: for a template, the tag of the day. */
  tag: z.string(),
  number: id,
  /** Absent if the tag gives its numbers bare. */
  shape: z.string().optional(),
});
export type DecodeAnswer = z.infer<typeof decodeAnswer>;

export const leaseRequest = z.object({
  agentId,
  instanceId,
  agentTimeMs: unixMs,
  /** The agent's layout, as `layoutFingerprint` writes it. */
  layout: z.string().max(64),
});
export type LeaseRequest = z.infer<typeof leaseRequest>;

export const leaseAnswer = z.object({
  deploymentId: z.string(),
  machineId: z.int().min(0),
  /** The window is `[from, to)`. */
  from: unixMs,
  to: unixMs,
  heartbeatMs: z.int().min(1),
  /** The coordinator's clock when it answered. */
  coordinatorTimeMs: unixMs,
});
export type LeaseAnswer = z.infer<typeof leaseAnswer>;

export const renewRequest = z.object({
  agentId,
  instanceId,
  agentTimeMs: unixMs,
  layout: z.string().max(64),
  /** End of the window that the agent holds. */
  to: unixMs,
  /** True if the agent wants its window extended from `to`. */
  extend: z.boolean(),
});
export type RenewRequest = z.infer<typeof renewRequest>;

export const renewAnswer = z.object({
  deploymentId: z.string(),
  /** End of the window after this heartbeat: as asked, or further if it was extended. */
  to: unixMs,
  coordinatorTimeMs: unixMs,
});
export type RenewAnswer = z.infer<typeof renewAnswer>;

export const endRequest = z.object({ agentId, instanceId });

const count = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/** A segment that an agent holds: `[start, end)`, of which `used` IDs are issued. */
const heldSegment = z.object({ start: id, end: id, used: count, size: count });

/** One tag's buffer in an agent. */
export const bufferView = z.object({
  tag: z.string().min(1).max(TAG_MAX_LENGTH),
  current: heldSegment.nullable(),
  next: heldSegment.nullable(),
  /** How much of `current` is used when the next segment is fetched. */
  prefetchAt: count,
  remaining: count,
  ratePerSecond: count,
  /** Seconds until the local IDs run out at the present rate; null if there is no rate. */
  runwaySeconds: count.nullable(),
  refill: z.enum(['idle', 'open', 'waiting']),
  /** Code of the last refill, if it failed. */
  lastError: z.string().max(64).regex(PLAIN_TEXT, PLAIN_TEXT_FORM).nullable(),
  waiting: z.int().min(0),
});
export type BufferView = z.infer<typeof bufferView>;

/** What an agent holds, at one moment. */
export const agentStatus = z.object({
  agentId,
  instanceId,
  version: z.string().max(64).regex(PLAIN_TEXT, PLAIN_TEXT_FORM),
  timeMs: unixMs,
  clock: z.object({
    /** How far this clock is ahead of the coordinators'; null before the first answer. */
    offsetMs: z.number().nullable(),
    skewed: z.boolean(),
  }),
  tags: z.array(bufferView),
  /** Null if snowflake mode is off, or if the caller's token does not open it. */
  snowflake: z
    .object({
      state: z.enum(['asking', 'holding', 'replacing', 'ended']),
      machineId: z.int().min(0).nullable(),
      window: z.object({ from: unixMs, to: unixMs }).nullable(),
      windowRemainingMs: z.number().min(0),
      lastTimestampMs: z.number(),
      issued: count,
      /** Code of the last lease call, if it failed. */
      lastError: z.string().max(64).regex(PLAIN_TEXT, PLAIN_TEXT_FORM).nullable(),
    })
    .nullable(),
});
export type AgentStatus = z.infer<typeof agentStatus>;

/** Most tags that one report names; an agent with more names them in turn. */
export const MAX_REPORTED_TAGS = 1_000;
/** Most buffers that one report shows: those in trouble first, then the busiest. */
export const MAX_REPORTED_BUFFERS = 100;

export const reportRequest = agentStatus.extend({
  tags: z.array(bufferView).max(MAX_REPORTED_BUFFERS),
  /** How many tags the agent has in memory. */
  tagCount: z.int().min(0),
  /** Tags that the agent asks about: are they still served? */
  names: z.array(z.string().min(1).max(TAG_MAX_LENGTH)).max(MAX_REPORTED_TAGS),
  /** How often the agent reports if nobody asks for more. */
  intervalMs: z.int().min(1).max(86_400_000),
  /** True if the agent is shutting down, so that nobody misses it. */
  leaving: z.boolean(),
  /** Counts this process's reports, from 1 on. Absent from agents that always report the whole. */
  revision: z.int().min(1).optional(),
  /**
   * If it is there, `tags` are only the buffers that changed since the report of that revision, which a coordinator
   * said that the roster has.
   */
  since: z.int().min(1).optional(),
  /** Tags that were shown as of `since` and no longer are. */
  without: z.array(z.string().min(1).max(TAG_MAX_LENGTH)).max(MAX_REPORTED_BUFFERS).optional(),
});
export type ReportRequest = z.infer<typeof reportRequest>;

export const reportAnswer = z.object({
  deploymentId: z.string(),
  coordinatorTimeMs: unixMs,
  /** When the next report is wanted at the latest: sooner while somebody watches the console. */
  nextReportMs: z.int().min(100),
  /** Those of the named tags that are no longer served. */
  gone: z.array(z.object({ tag: z.string(), code: z.enum(['TAG_UNKNOWN', 'TAG_RETIRED']) })),
  /**
   * The report that the roster now has of the agent: the next one need only tell what changed since. Absent if it has
   * none, or if the coordinator is of a release that takes whole reports only.
   */
  revision: z.int().min(1).optional(),
});
export type ReportAnswer = z.infer<typeof reportAnswer>;

const step = z.int().min(1).max(2_147_483_647);
const targetDurationS = z.int().min(1).max(86_400);
const description = z.string().max(256).regex(PLAIN_TEXT, PLAIN_TEXT_FORM);

export const createTagRequest = z
  .strictObject({
    tag: z
      .string()
      .max(TAG_MAX_LENGTH)
      .refine(
        (tag) => NEW_TAG_PATTERN.test(withAnyDate(withoutZone(tag))),
        'must have 1 to 128 characters (A-Z a-z 0-9 . _ : -) and start with a letter or digit',
      )
      .refine(
        (tag) => isZone(zoneOf(tag) ?? 'UTC'),
        'must have a time zone such as Europe/Berlin after the @',
      ),
    /** First ID. */
    start: id.default('1'),
    step: step.default(1_000),
    maxStep: step.optional(),
    targetDurationS: targetDurationS.optional(),
    highestId: id.optional(),
    description: description.optional(),
    /**
     * How the tag writes its numbers, with a date if the tag's name has one. It cannot be changed, because two shapes
     * may write the same text.
     */
    shape: z
      .string()
      .refine((text) => Shape.parse(withAnyDate(text)) !== undefined, SHAPE_FORM)
      .optional(),
  })
  .refine(({ tag, shape = '' }) => dateToken(tag) === dateToken(shape), {
    path: ['shape'],
    message: 'must have the same date as tag, such as {yyyyMMdd} in both, or neither may have one',
  });
export type CreateTagRequest = z.infer<typeof createTagRequest>;

export const changeTagRequest = z
  .strictObject({
    step,
    maxStep: step.nullable(),
    targetDurationS: targetDurationS.nullable(),
    highestId: id.nullable(),
    description: description.nullable(),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must name at least one field to change');
export type ChangeTagRequest = z.infer<typeof changeTagRequest>;

export const lowerTagRequest = z.strictObject({
  /** The next ID from now on. */
  to: id,
  /** Says that nothing was handed out from there on. Needed if the ledger knows of nothing below. */
  force: z.boolean().default(false),
});

export const lowerTagAnswer = z.object({
  tag: z.string(),
  /** The counter before. */
  from: id,
  to: id,
  /** The highest ID from now on; it lies below everything that was handed out above `to`. */
  highestId: id,
});
export type LowerTagAnswer = z.infer<typeof lowerTagAnswer>;

/** A tag as the admin API shows it. `null` means the deployment's default. */
export const tagView = z.object({
  tag: z.string(),
  state: z.enum(['active', 'retired']),
  /** The counter: the next segment starts here, or above if the fence is ahead. */
  nextId: id,
  step: z.int(),
  maxStep: z.int(),
  targetDurationS: z.int(),
  highestId: id,
  description: z.string().nullable(),
  /** Null if the tag gives its numbers bare. */
  shape: z.string().nullable().default(null),
  /** Of `maxStep`, `targetDurationS` and `highestId` those that the tag leaves to the deployment. */
  defaults: z.array(z.string()).default([]),
});
export type TagView = z.infer<typeof tagView>;

/** Something worth knowing about a tag; nothing was refused because of it. */
const tagWarning = z.object({
  /**
   * `SHARED_TEXTS`: other tags can write the same texts. `TEXTS_NOT_COMPARED`: it is unknown whether any can.
   * `OTHER_WRITERS`: somebody else, such as a Leaf, may go on handing out numbers of a tag that was retired.
   */
  code: z.string(),
  message: z.string(),
});
export type TagWarning = z.infer<typeof tagWarning>;

/** One tag, with what is worth knowing about it in relation to others. */
export const comparedTag = tagView.extend({ warnings: z.array(tagWarning).default([]) });
export type ComparedTag = z.infer<typeof comparedTag>;

export const tagList = z.object({ tags: z.array(tagView), next: z.string().nullable() });
export type TagList = z.infer<typeof tagList>;
