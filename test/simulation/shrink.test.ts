import { beforeAll, describe, expect, test } from '@jest/globals';
import { explain } from './explain.ts';
import { hunt, type Quarry } from './planted/hunt.ts';
import { scenarioOf } from './scenario.ts';
import { shrink } from './shrink.ts';

describe('a failing seed', () => {
  let found: Quarry;

  beforeAll(async () => {
    const quarry = await hunt('no fence');
    if (quarry === undefined) throw new Error('no seed shows it');
    found = quarry;
  });

  test('is shrunk to the faults that it takes', async () => {
    const failing = scenarioOf(found.seed);
    const shrunk = await shrink(failing, found.bug);
    expect(shrunk?.scenario.faults).toHaveLength(1);
    expect(shrunk?.scenario.faults[0]?.kind).toMatch(/^(database|counter)-/);
    expect(shrunk?.scenario.agents).toBeLessThanOrEqual(failing.agents);
    expect(shrunk?.scenario.healAtMs).toBeLessThan(failing.healAtMs);
    expect(shrunk?.outcome.violations[0]).toEqual(expect.objectContaining({ invariant: 'I1' }));
  });

  test('names itself and the command that runs it again', async () => {
    const command = `npm run test:simulation -- --replay ${found.seed}`;
    expect(await explain(scenarioOf(found.seed), found.bug)).toContain(command);
  });

  test('that does not fail is left alone', async () => {
    expect(await shrink(scenarioOf(1))).toBeUndefined();
  });
});
