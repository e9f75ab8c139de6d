import { describe, expect, test } from '@jest/globals';
import {
  compose,
  composeBase,
  decode,
  LAYOUT_PRESETS,
  layoutFingerprint,
  layoutProblem,
  machineIdCount,
  type SnowflakeLayout,
  TWITTER_EPOCH_MS,
  timestampEndMs,
} from './layout.ts';

function layout(own: Partial<SnowflakeLayout> = {}): SnowflakeLayout {
  return { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS, ...own };
}

const presets = Object.entries(LAYOUT_PRESETS).map(([name, widths]) => [name, layout(widths)] as const);

describe('an ID', () => {
  test('is what Twitter and Leaf make of the same parts', () => {
    const parts = { timestampMs: TWITTER_EPOCH_MS + 1, machineId: 1, sequence: 1 };
    expect(compose(layout(), parts)).toBe((1n << 22n) | (1n << 12n) | 1n);
  });

  test.each(presets)('comes apart into what it was made of: %s', (_name, each) => {
    const lasts = {
      timestampMs: timestampEndMs(each) - 1,
      machineId: machineIdCount(each) - 1,
      sequence: 2 ** each.sequenceBits - 1,
    };
    const firsts = { timestampMs: each.epochMs, machineId: 0, sequence: 0 };
    for (const timestampMs of [firsts.timestampMs, 1_800_000_000_000, lasts.timestampMs]) {
      for (const machineId of [0, 1, lasts.machineId]) {
        for (const sequence of [0, 1, lasts.sequence]) {
          const parts = { timestampMs, machineId, sequence };
          expect(decode(each, compose(each, parts))).toEqual(parts);
        }
      }
    }
    expect(compose(each, firsts)).toBe(0n);
  });

  test.each(presets)(
    'is larger in the next millisecond, whatever machine and sequence: %s',
    (_name, each) => {
      const at = 1_800_000_000_000;
      const last = compose(each, {
        timestampMs: at,
        machineId: machineIdCount(each) - 1,
        sequence: 2 ** each.sequenceBits - 1,
      });
      expect(composeBase(each, at + 1, 0)).toBe(last + 1n);
    },
  );

  test('of the javascript preset is held exactly by a number, to the last millisecond', () => {
    const each = layout(LAYOUT_PRESETS.javascript);
    const highest = compose(each, { timestampMs: timestampEndMs(each) - 1, machineId: 31, sequence: 127 });
    expect(highest).toBe(2n ** 53n - 1n);
    expect(Number.isSafeInteger(Number(highest))).toBe(true);
  });

  test('never needs the sign bit', () => {
    const highest = compose(layout(), {
      timestampMs: timestampEndMs(layout()) - 1,
      machineId: 1_023,
      sequence: 4_095,
    });
    expect(highest).toBe(2n ** 63n - 1n);
  });

  test.each([-1n, 2n ** 63n, 2n ** 64n])('%p does not fit the classic layout', (id) => {
    expect(() => decode(layout(), id)).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST', reason: 'id' }),
    );
  });

  test('with bits above a narrow layout’s does not fit it', () => {
    const each = layout(LAYOUT_PRESETS.javascript);
    expect(() => decode(each, 2n ** 53n)).toThrow('does not fit');
    expect(decode(each, 2n ** 53n - 1n).sequence).toBe(127);
  });
});

describe('a layout', () => {
  test.each(presets)('of the presets has nothing wrong with it: %s', (_name, each) => {
    expect(layoutProblem(each)).toBeUndefined();
  });

  test('may take 63 bits and not 64', () => {
    expect(layoutProblem(layout({ timestampBits: 42, machineIdBits: 10, sequenceBits: 11 }))).toBeUndefined();
    expect(layoutProblem(layout({ timestampBits: 42 }))).toContain('64 bits');
  });

  test('may name sites with all bits of the machine id, and no more', () => {
    expect(layoutProblem(layout({ datacenterBits: 10 }))).toBeUndefined();
    expect(layoutProblem(layout({ datacenterBits: 11 }))).toContain('datacenter');
  });

  test('lasts as long as its timestamp bits', () => {
    expect(timestampEndMs(layout()) - TWITTER_EPOCH_MS).toBe(2 ** 41);
    expect(machineIdCount(layout(LAYOUT_PRESETS['many-machines']))).toBe(65_536);
  });

  test('has a fingerprint that differs wherever IDs would mean something else', () => {
    const others: SnowflakeLayout[] = [
      layout({ timestampBits: 40 }),
      layout({ machineIdBits: 9 }),
      layout({ sequenceBits: 11 }),
      layout({ datacenterBits: 5 }),
      layout({ epochMs: TWITTER_EPOCH_MS + 1 }),
    ];
    const prints = new Set([layout(), ...others].map(layoutFingerprint));
    expect(prints.size).toBe(6);
    expect(layoutFingerprint(layout())).toBe(layoutFingerprint(layout()));
    expect(layoutFingerprint(layout())).toBe(`41-10-12-d0@${TWITTER_EPOCH_MS}`);
  });

  test('negative control: without the epoch in it, two deployments give one ID two meanings', () => {
    const [ours, theirs] = [layout(), layout({ epochMs: TWITTER_EPOCH_MS + 1 })];
    const id = compose(ours, { timestampMs: 1_800_000_000_000, machineId: 1, sequence: 1 });
    const same = compose(theirs, { timestampMs: 1_800_000_000_001, machineId: 1, sequence: 1 });
    expect(same).toBe(id);
    expect(layoutFingerprint(ours)).not.toBe(layoutFingerprint(theirs));
  });
});
