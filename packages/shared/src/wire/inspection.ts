import { z } from 'zod';
import { id, unixMs } from './wire.ts';

/** What a coordinator tells people: the ledger, who was given an ID, how the jobs went. */

/** One range of the ledger: numbers of a tag, or unix milliseconds of a machine id, `[start, end)`. */
const ledgerRange = z.object({
  /** A tag, or null if the range is a window. */
  tag: z.string().nullable(),
  /** A machine id, or null if the range is a segment. */
  machineId: z.int().nullable(),
  start: id,
  end: id,
  agentId: z.string(),
  instanceId: z.string(),
  coordinatorId: z.string(),
  /** By the database's clock. */
  grantedAtMs: unixMs,
});

export type LedgerRange = z.infer<typeof ledgerRange>;

/** A page of the ledger: of one tag in order of `start`, or of machine ids, one after the other. */
export const ledgerPage = z.object({
  /** What the bits of this deployment's snowflake IDs mean. */
  layout: z.object({
    epochMs: unixMs,
    timestampBits: z.int(),
    machineIdBits: z.int(),
    sequenceBits: z.int(),
    datacenterBits: z.int(),
  }),
  ranges: z.array(ledgerRange),
  /** What to send as `after` for the next page; null on the last one. */
  next: z.string().nullable(),
});
export type LedgerPage = z.infer<typeof ledgerPage>;

/**
 * What is known of an ID of a tag.
 * - `granted`: the ledger has its segment.
 * - `lost`: it was handed out, but MySQL lost the entry.
 * - `pruned`: the record of its holder was deleted on purpose.
 * - `unrecorded`: it lies below the counter, but no entry covers it: it is older than Leafcutter, or was passed over.
 * - `not_granted`: it was not handed out yet.
 */
const segmentExplanation = z.strictObject({
  tag: z.string(),
  verdict: z.enum(['granted', 'lost', 'pruned', 'unrecorded', 'not_granted']),
  sentence: z.string(),
  range: ledgerRange.nullable(),
});
export type SegmentExplanation = z.infer<typeof segmentExplanation>;

/** What is known of an ID read as a snowflake. `future`: its time has not come. The others are as for segments. */
const snowflakeExplanation = z.strictObject({
  verdict: z.enum(['granted', 'lost', 'pruned', 'unrecorded', 'future']),
  sentence: z.string(),
  timestampMs: z.number(),
  time: z.iso.datetime(),
  machineId: z.int(),
  datacenter: z.int().optional(),
  sequence: z.int(),
  range: ledgerRange.nullable(),
});
export type SnowflakeExplanation = z.infer<typeof snowflakeExplanation>;

const trailValues = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

/** A page of the audit trail, newest first. */
export const auditPage = z.object({
  changes: z.array(
    z.object({
      id,
      /** By the database's clock. */
      atMs: unixMs,
      /** `tag.create`, `tag.change`, `tag.retire`, `tag.lower` or `settings.reload`. */
      action: z.string(),
      /** Null if it is not about a tag. */
      tag: z.string().nullable(),
      /** The name of the admin's token, or in brackets what has no name, or `agent:` with the id of one. */
      actor: z.string(),
      /** The address that the request came from; null if there was none. */
      origin: z.string().nullable(),
      coordinatorId: z.string(),
      /** What changed, by field; null if there was nothing before. A field that is null has the default. */
      before: trailValues.nullable(),
      after: trailValues.nullable(),
    }),
  ),
  /** What to send as `after` for the next page; null on the last one. */
  next: z.string().nullable(),
});
export type AuditPage = z.infer<typeof auditPage>;

/** The background jobs, and how each one last ended, on any coordinator. */
export const jobList = z.strictObject({
  jobs: z.array(
    z.strictObject({
      job: z.string(),
      everyMs: z.int(),
      /** True if no coordinator has run it in time, as far as the one that answers sees. */
      late: z.boolean(),
      /** Null where it has not run yet. */
      lastRun: z
        .strictObject({
          coordinatorId: z.string(),
          endedAtMs: z.number(),
          durationMs: z.number(),
          /** Null if it went well. */
          error: z.string().nullable(),
        })
        .nullable(),
    }),
  ),
});
export type JobList = z.infer<typeof jobList>;

/** Everything that an ID may be in this deployment. */
export const explanation = z.strictObject({
  id,
  segments: z.array(segmentExplanation),
  /** Null if the ID was asked for as a tag's, or does not fit the layout. */
  snowflake: snowflakeExplanation.nullable(),
  /** True if there are more tags than were looked at: name the tag. */
  more: z.boolean(),
});
export type Explanation = z.infer<typeof explanation>;
