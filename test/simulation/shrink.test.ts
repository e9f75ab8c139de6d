import { describe, expect, test } from '@jest/globals';
import { explain } from './explain.ts';
import { PLANTED_BUGS } from './planted/bugs.ts';
import { hunt } from './planted/hunt.ts';
import type { PlantedBug } from './planted/planted-bug.ts';
import { scenarioOf } from './scenario.ts';
import { shrink } from './shrink.ts';

const TIMEOUT_MS = 120_000;
const bug: PlantedBug = { breaks: [], ...PLANTED_BUGS['no fence'] };

describe('a failing seed', () => {
  test(
    'is shrunk to the faults that it takes',
    async () => {
      const found = await hunt(bug, 10);
      const failing = scenarioOf(found?.seed ?? 0);
      const shrunk = await shrink(failing, bug);
      expect(shrunk?.scenario.faults).toHaveLength(1);
      expect(shrunk?.scenario.faults[0]?.kind).toMatch(/^(database|counter)-/);
      expect(shrunk?.scenario.agents).toBeLessThanOrEqual(failing.agents);
      expect(shrunk?.scenario.healAtMs).toBeLessThan(failing.healAtMs);
      expect(shrunk?.outcome.violations[0]).toEqual(expect.objectContaining({ invariant: 'I1' }));
    },
    TIMEOUT_MS,
  );

  test(
    'names itself and the command that runs it again',
    async () => {
      const found = await hunt(bug, 10);
      const seed = found?.seed ?? 0;
      expect(await explain(scenarioOf(seed), bug)).toContain(`npm run test:simulation -- --replay ${seed}`);
    },
    TIMEOUT_MS,
  );

  test('that does not fail is left alone', async () => {
    expect(await shrink(scenarioOf(1))).toBeUndefined();
  });
});
