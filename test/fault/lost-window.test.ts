import { expect, test } from '@jest/globals';
import type { Preload } from './arena-options.ts';
import { LostWriteArena } from './lost-write-arena.ts';

/** So long that the window that MySQL lost is in use all the time, and is not extended. */
const WINDOW_MS = 600_000;
const DRAWING_MS = 3_000;
const [HOLDER, OTHER] = [0, 1];

interface Drawn {
  readonly byHolder: number;
  readonly repeats: readonly string[];
}

/**
 * There is one machine id. Its window is granted, and lost when a replica is promoted; the coordinators find it in
 * their list of hosts. A sweep sees both stores. Then Redis is away, and another agent asks for a lease.
 */
async function drawTogether(coordinatorPreloads: readonly Preload[] = []): Promise<Drawn> {
  await using arena = await LostWriteArena.start({
    listHosts: true,
    coordinatorPreloads,
    coordinatorFlags: [
      ...['--snowflake-machine-id-range', '1-1'],
      ...['--snowflake-window-initial-ms', `${WINDOW_MS}`, '--snowflake-window-max-ms', `${WINDOW_MS}`],
    ],
    // Two generators on one machine id cannot miss each other by luck.
    agentFlags: ['--snowflake-enabled', '--snowflake-sequence-start-max', '0'],
  });
  await arena.sweepEnds();
  await arena.mysql.cutOff();
  await arena.addAgent();
  await arena.mysql.failOver();
  await arena.swept();
  await arena.redis.pause();
  await arena.redisIs('away');
  await arena.addAgent('live');
  await arena.leaseIsDecided(OTHER);
  const [byHolder] = await Promise.all(
    [HOLDER, OTHER].map((agent) => arena.drawSnowflakes(agent, DRAWING_MS)),
  );
  return { byHolder: byHolder ?? 0, repeats: arena.repeats() };
}

test('the window of the only machine id, lost by a promoted replica, is not granted again when Redis is away after a sweep', async () => {
  const { byHolder, repeats } = await drawTogether();
  expect(repeats).toEqual([]);
  expect(byHolder).toBeGreaterThan(0);
});

test('NEGATIVE CONTROL: it is, and snowflakes repeat, if the sweep mends no ceiling', async () => {
  const { repeats } = await drawTogether([{ file: 'unguarded/mend.ts' }]);
  expect(repeats).not.toEqual([]);
});
