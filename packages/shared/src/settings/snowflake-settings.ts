import { int } from '../config/kinds/number-kinds.ts';
import { choice } from '../config/kinds/setting-kinds.ts';
import { LAYOUT_PRESETS, type LayoutPreset, type SnowflakeLayout, TWITTER_EPOCH_MS } from '../layout.ts';

/** The settings of a snowflake layout: the same in agent and coordinator, because the two must agree. */
export const layoutSettings = {
  layout: choice(Object.keys(LAYOUT_PRESETS) as LayoutPreset[], {
    default: 'classic',
    doc: 'Widths of timestamp, machine id and sequence: classic 41/10/12, javascript 41/5/7 (fits a JavaScript number), many-machines 41/16/6.',
  }),
  timestampBits: int({
    min: 36,
    max: 44,
    optional: true,
    doc: 'Bits of the timestamp; overrides the layout’s.',
  }),
  machineIdBits: int({
    min: 1,
    max: 20,
    optional: true,
    doc: 'Bits of the machine id; overrides the layout’s.',
  }),
  sequenceBits: int({
    min: 1,
    max: 16,
    optional: true,
    doc: 'Bits of the sequence; overrides the layout’s.',
  }),
  datacenterBits: int({
    min: 0,
    max: 16,
    default: 0,
    doc: 'How many of the machine id’s high bits identify the site.',
  }),
  epochMs: int({
    min: 0,
    max: 4_102_444_800_000,
    default: TWITTER_EPOCH_MS,
    unit: 'ms',
    doc: 'Unix milliseconds that timestamp 0 stands for. A deployment can’t change it later.',
  }),
};

/** The values of `layoutSettings`. */
interface LayoutConfig {
  readonly layout: LayoutPreset;
  readonly timestampBits: number | undefined;
  readonly machineIdBits: number | undefined;
  readonly sequenceBits: number | undefined;
  readonly datacenterBits: number;
  readonly epochMs: number;
}

export function layoutOf(config: LayoutConfig): SnowflakeLayout {
  const preset = LAYOUT_PRESETS[config.layout];
  return {
    epochMs: config.epochMs,
    timestampBits: config.timestampBits ?? preset.timestampBits,
    machineIdBits: config.machineIdBits ?? preset.machineIdBits,
    sequenceBits: config.sequenceBits ?? preset.sequenceBits,
    datacenterBits: config.datacenterBits,
  };
}
