import { describe, expect, test } from '@jest/globals';
import type { Coordinator } from '@leafcutter/coordinator/http/coordinator';
import { Paces } from '@leafcutter/coordinator/http/paces';
import { compared, faultsOf, tableOf } from './fleet/compare.ts';
import { type FleetPlan, runFleet } from './fleet/run-fleet.ts';
import type { FleetPlant } from './fleet/run-part.ts';
import { overriding } from './overriding.ts';

/** Few machine ids, because sweeps look at all of them. */
const MACHINE_IDS = 1_024;

const run = (own: Partial<FleetPlan> = {}, plant?: FleetPlant) =>
  runFleet({ agents: 60, measuredMs: 20_000, machineIds: MACHINE_IDS, ...own }, plant);

/** All agents together may report five times a second. */
class FewReports extends Paces<string> {
  override check(...[kind]: Parameters<Paces<string>['check']>): void {
    if (kind === 'reports') super.check(kind, 'everyone');
  }
}

describe('a fleet of light agents', () => {
  test('of 300 calls as often as the model of docs/capacity.md says, and nothing fails', async () => {
    const outcome = await run({ agents: 300, measuredMs: 60_000 });
    expect(faultsOf(outcome)).toEqual([]);
    expect(outcome.granted).toBeGreaterThan(5_000);
    expect(outcome.counted.calls.report.answered).toBeGreaterThan(1_000);
    expect(tableOf([outcome])).toMatch(/^\| agents \|.*\n\|---.*\n\| 300 \| 1 \| 2 \| \d\.\d\d \(5\.00\) \|/);
  });

  test('reports as often as the coordinators ask for while somebody watches', async () => {
    const outcome = await run({ agents: 30, isWatched: true });
    const reports = compared(outcome).find(({ name }) => name === 'reports/s');
    expect(reports?.model).toBeCloseTo(30 / 0.95);
    expect(Math.abs((reports?.counted ?? 0) / 31.6 - 1)).toBeLessThan(0.05);
  });

  test('is parted over deployments whose machine ids and numbers differ', async () => {
    const outcome = await run({ deployments: 2 });
    expect(outcome.duplicates).toEqual([]);
    expect(outcome.coordinators).toBe(4);
  });
});

describe('NEGATIVE CONTROL: a fleet', () => {
  const broken = (plant: (coordinator: Coordinator) => Partial<Coordinator>) =>
    run({}, (coordinator) => overriding(coordinator, plant(coordinator))).then(faultsOf);

  test('shows calls that fail, if a coordinator takes too few reports', async () => {
    const faults = await broken(({ clock }) => ({ paces: new FewReports(clock, 1, 'agent') }));
    expect(faults).toContainEqual(expect.stringMatching(/^failed, counted: report RATE_LIMITED agent × \d+/));
  });

  test('shows reports that are dropped, if there is no room for them', async () => {
    const faults = await broken(() => ({ intake: { enter: async () => 'full' } as never }));
    expect(faults).toContainEqual(expect.stringMatching(/^reports dropped, counted: \d+/));
    expect(faults).toContain('on the roster are 0 of 60 agents');
  });

  test('shows a segment that was granted twice', async () => {
    const faults = await broken(({ segments }) => ({ segments: everyHundredthAgain(segments) }));
    expect(faults).toContainEqual(expect.stringMatching(/^granted twice: \d+, first tag tag-\d+ from \d+/));
  });

  test('shows a machine id that was granted twice', async () => {
    const faults = await broken(({ leases }) => ({
      leases: overriding(leases, {
        grant: async (call) => ({ ...(await leases.grant(call)), machineId: 7 }),
      }),
    }));
    expect(faults).toContainEqual(expect.stringMatching(/^granted twice: \d+, first machine id 7 from \d+/));
  });
});

function everyHundredthAgain(segments: Coordinator['segments']): Coordinator['segments'] {
  const last = new Map<string, Awaited<ReturnType<typeof segments.grant>>>();
  let grants = 0;
  return overriding(segments, {
    async grant(tag, holder, demand) {
      grants += 1;
      const again = grants % 100 === 0 ? last.get(tag) : undefined;
      const granted = again ?? (await segments.grant(tag, holder, demand));
      last.set(tag, granted);
      return granted;
    },
  });
}
