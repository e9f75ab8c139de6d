import { describe, expect, test } from '@jest/globals';
import { describeTarget } from './move.ts';
import { type FoundTarget, planMove } from './plan.ts';
import { checkColumns } from './tables.ts';
import { claimOf, refuseUnfinished, unfinishedLayout } from './unfinished.ts';

const OURS = 'ours';
const fresh = { deploymentId: OURS, movedBy: undefined };
const marked = { deploymentId: OURS, movedBy: 'claim-1' };
const claimed = (claim: string, deploymentId = OURS): FoundTarget => ({
  kind: 'claimed',
  deploymentId,
  claim,
});
const serving = (deploymentId = OURS): FoundTarget => ({ kind: 'serving', deploymentId });

describe('a move', () => {
  test.each([
    ['of a file that serves, to an empty MySQL, moves', fresh, { kind: 'empty' } as const, 'move'],
    ['of a file that serves, to what an interrupted move left, begins anew', fresh, claimed('any'), 'again'],
    [
      'of a marked file, to the MySQL that its mark names, ends what was begun',
      marked,
      claimed('claim-1'),
      'again',
    ],
    ['of a marked file, to a MySQL that serves, has nothing to do', marked, serving(), 'done'],
  ])('%s', (_title, file, target, plan) => {
    expect(planMove(file, target)).toBe(plan);
  });

  test.each([
    [
      'rows without a deployment',
      fresh,
      { kind: 'occupied', table: 'leaf_alloc' } as const,
      'target_not_empty',
    ],
    ['another deployment', fresh, serving('theirs'), 'target_not_empty'],
    ['another deployment, for a marked file', marked, serving('theirs'), 'target_not_empty'],
    ['the move of another deployment', fresh, claimed('any', 'theirs'), 'target_not_empty'],
    ['this deployment, which the file does not know: it is a copy', fresh, serving(), 'target_not_empty'],
    [
      'nothing, for a marked file: its own MySQL may serve',
      marked,
      { kind: 'empty' } as const,
      'moved_elsewhere',
    ],
    ['another move of it, for a marked file', marked, claimed('claim-2'), 'moved_elsewhere'],
  ])('refuses a MySQL that has %s', (_title, file, target, reason) => {
    expect(() => planMove(file, target)).toThrow(
      expect.objectContaining({ code: 'STORE_UNAVAILABLE', reason }),
    );
  });

  test('refuses a file with a column that MySQL lacks, and names it', () => {
    const table = { name: 'leafcutter_tag', columns: ['tag', 'colour'], key: ['tag'], rows: 1 };
    expect(() =>
      checkColumns([table], new Map([['leafcutter_tag', new Set(['tag', 'colour', 'more'])]])),
    ).not.toThrow();
    expect(() => checkColumns([table], new Map([['leafcutter_tag', new Set(['tag'])]]))).toThrow(
      /leafcutter_tag\.colour/,
    );
    expect(() => checkColumns([table], new Map())).toThrow(/leafcutter_tag\.tag, leafcutter_tag\.colour/);
  });

  test('names its target without the password', () => {
    expect(describeTarget('mysql://me:hush@db.example:3307/ids')).toBe('db.example:3307/ids');
    expect(describeTarget('mysql://me:hush@[::1]/ids')).toBe('[::1]:3306/ids');
  });
});

describe('a MySQL that is being filled', () => {
  test('has a layout that no coordinator has, and that fits its column', () => {
    const layout = unfinishedLayout('0f9c2a52-0000-4000-8000-000000000000');
    expect(layout.length).toBeLessThanOrEqual(64);
    expect(claimOf(layout)).toBe('0f9c2a52-0000-4000-8000-000000000000');
    expect(() => refuseUnfinished(layout)).toThrow(expect.objectContaining({ reason: 'move_unfinished' }));
    expect(claimOf('41-10-12-d0@1288834974657')).toBeUndefined();
    expect(() => refuseUnfinished('41-10-12-d0@1288834974657')).not.toThrow();
  });
});
