import { LeafcutterError } from './errors.ts';

/** How the bits of a snowflake ID are divided, from the highest to the lowest: timestamp, machine id, sequence. */
export interface SnowflakeLayout {
  /** Unix milliseconds that timestamp 0 stands for. */
  readonly epochMs: number;
  readonly timestampBits: number;
  readonly machineIdBits: number;
  readonly sequenceBits: number;
  /** How many of the machine id's high bits name the site; 0 if sites are not told apart. */
  readonly datacenterBits: number;
}

/** Leaf's and Twitter's epoch, 2010-11-04T01:42:54.657Z. */
export const TWITTER_EPOCH_MS = 1_288_834_974_657;

type Widths = Pick<SnowflakeLayout, 'timestampBits' | 'machineIdBits' | 'sequenceBits'>;

/**
 * Presets. `classic` lasts 69 years from its epoch; `javascript` keeps IDs below 2^53 (a JavaScript number
 * holds them exactly) at 32 machine ids × 128 IDs per millisecond; `many-machines` has 65,536 machine ids at
 * 64 IDs per millisecond each.
 */
export const LAYOUT_PRESETS = {
  classic: { timestampBits: 41, machineIdBits: 10, sequenceBits: 12 },
  javascript: { timestampBits: 41, machineIdBits: 5, sequenceBits: 7 },
  'many-machines': { timestampBits: 41, machineIdBits: 16, sequenceBits: 6 },
} as const satisfies Record<string, Widths>;

export type LayoutPreset = keyof typeof LAYOUT_PRESETS;

/** Returns the first thing that is wrong with a layout, or nothing. */
export function layoutProblem(layout: SnowflakeLayout): string | undefined {
  const { timestampBits, machineIdBits, sequenceBits, datacenterBits } = layout;
  const sum = timestampBits + machineIdBits + sequenceBits;
  if (sum > 63) return `timestamp, machine id and sequence take ${sum} bits together; the maximum is 63`;
  if (datacenterBits > machineIdBits)
    return 'the datacenter bits are part of the machine id and cannot exceed it';
  return undefined;
}

/** One text per layout: equal texts mean that IDs of both sides mean the same. */
export function layoutFingerprint(layout: SnowflakeLayout): string {
  const { timestampBits, machineIdBits, sequenceBits, datacenterBits, epochMs } = layout;
  return `${timestampBits}-${machineIdBits}-${sequenceBits}-d${datacenterBits}@${epochMs}`;
}

/** How many machine ids the layout has. */
export function machineIdCount(layout: SnowflakeLayout): number {
  return 2 ** layout.machineIdBits;
}

/** First unix millisecond that the timestamp bits cannot hold. */
export function timestampEndMs(layout: SnowflakeLayout): number {
  return layout.epochMs + 2 ** layout.timestampBits;
}

/** The parts of a snowflake ID. */
export interface SnowflakeParts {
  /** Unix milliseconds. */
  readonly timestampMs: number;
  readonly machineId: number;
  readonly sequence: number;
}

/** The ID of sequence 0 in a millisecond: add the sequence to it. */
export function composeBase(layout: SnowflakeLayout, timestampMs: number, machineId: number): bigint {
  const ticks = BigInt(timestampMs - layout.epochMs);
  const withMachine = (ticks << BigInt(layout.machineIdBits)) | BigInt(machineId);
  return withMachine << BigInt(layout.sequenceBits);
}

export function compose(layout: SnowflakeLayout, parts: SnowflakeParts): bigint {
  return composeBase(layout, parts.timestampMs, parts.machineId) + BigInt(parts.sequence);
}

/** Takes a snowflake ID apart. @throws BAD_REQUEST if the ID is negative or has bits above the layout's. */
export function decode(layout: SnowflakeLayout, id: bigint): SnowflakeParts {
  const { timestampBits, machineIdBits, sequenceBits } = layout;
  if (id < 0n || id >> BigInt(timestampBits + machineIdBits + sequenceBits) !== 0n) {
    throw new LeafcutterError('BAD_REQUEST', 'id does not fit the snowflake layout of this deployment.', {
      reason: 'id',
    });
  }
  return partsOf(layout, id);
}

/** The parts of any number, also of one that no generator makes. */
export function partsOf(layout: SnowflakeLayout, id: bigint): SnowflakeParts {
  const { machineIdBits, sequenceBits } = layout;
  const mask = (bits: number) => (1n << BigInt(bits)) - 1n;
  return {
    timestampMs: Number(id >> BigInt(machineIdBits + sequenceBits)) + layout.epochMs,
    machineId: Number((id >> BigInt(sequenceBits)) & mask(machineIdBits)),
    sequence: Number(id & mask(sequenceBits)),
  };
}
