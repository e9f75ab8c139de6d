import { SnowflakeGenerator } from '@leafcutter/agent/domain/snowflake/snowflake-generator';
import { hasCode } from '@leafcutter/shared/errors';
import { LAYOUT_PRESETS, TWITTER_EPOCH_MS } from '@leafcutter/shared/layout';
import { systemClock } from '@leafcutter/shared/system-clock';
import { type Round, type Row, ratios } from './rounds.ts';

/** The most that a machine id of the layout can give, IDs per millisecond. */
const CAP_PER_MS = 2 ** LAYOUT_PRESETS.classic.sequenceBits;

const RUN_MS = 2_000;

/** Small, so that IDs borrowed from the time ahead hardly count in a run that lasts much longer. */
const MAX_CLOCK_DRIFT_MS = 5;

/**
 * IDs that a generator held to the clock issues per millisecond of real time, compared with the capacity of its
 * layout.
 */
export function snowflakeCapRow(rounds: number, progress: (text: string) => void): Row {
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    progress(`in process: snowflake at its cap, round ${round} of ${rounds}`);
    measured.push({ subject: issuedPerMs(), baseline: CAP_PER_MS });
  }
  return {
    row: 'in process: snowflake vs the cap of its layout',
    unit: 'IDs/ms',
    atLeast: 0.99,
    ...ratios(measured),
  };
}

function issuedPerMs(): number {
  const generator = heldGenerator();
  // Starts at the edge of what the drift allows; otherwise those milliseconds would count in its favour.
  while (tries(generator));
  const before = generator.issued;
  const begun = performance.now();
  for (let lasted = 0; lasted < RUN_MS; lasted = performance.now() - begun) {
    for (let call = 0; call < 256 && tries(generator); call++);
  }
  return (generator.issued - before) / (performance.now() - begun);
}

function heldGenerator(): SnowflakeGenerator {
  const generator = new SnowflakeGenerator({
    clock: systemClock,
    rules: {
      layout: { ...LAYOUT_PRESETS.classic, datacenterBits: 0, epochMs: TWITTER_EPOCH_MS },
      sequenceStartMax: 1_023,
      maxClockDriftMs: MAX_CLOCK_DRIFT_MS,
    },
    events: { clockWentBack: () => undefined },
    random: Math.random,
  });
  const from = Date.now();
  generator.hold({ machineId: 1, from, to: from + 3_600_000 });
  return generator;
}

/** False if the generator is as far ahead of the clock as it may be. */
function tries(generator: SnowflakeGenerator): boolean {
  try {
    generator.next();
    return true;
  } catch (error) {
    if (hasCode(error, 'CLOCK_BACKWARDS')) return false;
    throw error;
  }
}
