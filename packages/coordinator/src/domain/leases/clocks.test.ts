import { describe, expect, test } from '@jest/globals';
import { checkClocks } from './clocks.ts';

const T = 1_800_000_000_000;
const at = (agent: number, coordinator: number, database: number) => () =>
  checkClocks({ agentMs: T + agent, coordinatorMs: T + coordinator, databaseMs: T + database }, 2_000);

describe('three clocks', () => {
  test.each([
    ['alike', 0, 0, 0],
    ['apart by just the skew allowed', 0, 1_000, 2_000],
    ['the other way round', 0, -1_000, -2_000],
  ])('%s are accepted', (_name, agent, coordinator, database) => {
    expect(at(agent, coordinator, database)).not.toThrow();
  });

  test.each([
    ['agent', 'behind', -2_001, 0, 0],
    ['agent', 'ahead', 2_001, 0, 0],
    ['agent', 'an hour ahead of two that differ a little', 3_600_000, 1_500, 0],
    ['coordinator', 'behind', 0, -2_001, 0],
    ['coordinator', 'ahead', 0, 2_001, 0],
    ['database', 'behind', 0, 0, -2_001],
    ['database', 'ahead', 0, 0, 2_001],
    ['all', 'far apart', 0, 10_000, 20_000],
  ])('the %s that is %s is named', (who, _how, agent, coordinator, database) => {
    expect(at(agent, coordinator, database)).toThrow(
      expect.objectContaining({ code: 'CLOCK_SKEWED', reason: who, retryAfterMs: 5_000 }),
    );
  });

  test('the message says by how much each differs from the database', () => {
    expect(at(5_000, -100, 0)).toThrow(/agent \+5000 ms, coordinator -100 ms/);
  });
});
