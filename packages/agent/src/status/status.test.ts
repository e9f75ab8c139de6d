import { expect, test } from '@jest/globals';
import type { RunningAgent } from '../running-agent.ts';
import { modeReadiness } from './status.ts';

const clockUnknown = { offsetMs: undefined, skewed: false };

test.each([
  ['was never served', false, { ready: false, reason: 'no_coordinator_yet' }],
  ['was given a segment before its clock was compared', true, { ready: true }],
])('an agent that %s says so', (_what, wasServed, expected) => {
  const agent = { client: { wasServed }, watch: clockUnknown, stopping: false } as RunningAgent;
  expect(modeReadiness(agent, 'segment')).toEqual(expected);
});
