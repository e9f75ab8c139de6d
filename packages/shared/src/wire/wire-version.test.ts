import { describe, expect, test } from '@jest/globals';
import { leaseRequest, segmentAnswer, segmentRequest } from './wire.ts';
import { checkWire } from './wire-version.ts';

const WHO = { agentId: 'a', instanceId: '11111111-1111-4111-8111-111111111111' };

describe('a partner', () => {
  test.each([undefined, '1', '2', '17'])('that says %s is understood', (said) => {
    expect(() => checkWire(said, 'agent')).not.toThrow();
  });

  test.each([undefined, '1', '', 'x', '-3'])(
    'that says %s is refused by who understands 2 and newer',
    (said) => {
      expect(() => checkWire(said, 'coordinator', 2)).toThrow(
        expect.objectContaining({
          code: 'VERSION_UNSUPPORTED',
          message: expect.stringContaining('Upgrade the coordinator'),
        }),
      );
    },
  );
});

describe('fields of a later release', () => {
  test('in requests and answers are passed over', () => {
    const demand = { ratePerSecond: 1, waitingIds: 0, blockIds: 0 };
    expect(segmentRequest.parse({ ...WHO, ...demand, mood: 'good' })).toEqual({ ...WHO, ...demand });
    const lease = { ...WHO, agentTimeMs: 1, layout: '41-10-12-d0@0' };
    expect(leaseRequest.parse({ ...lease, mood: 'good' })).toEqual(lease);
    const answer = { deploymentId: 'd', tag: 't', start: '1', end: '2' };
    expect(segmentAnswer.parse({ ...answer, mood: 'good' })).toEqual(answer);
  });
});
