import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { Crowd, type Crowding, type CrowdLimits, type Guest, holderOf, isLoopback } from './crowd.ts';

/** A door that gets connections from addresses that the test chooses. */
function door(limits: CrowdLimits) {
  const told: Crowding[] = [];
  const crowd = new Crowd<Guest>(limits, (what) => told.push(what));
  const come = (remoteAddress?: string, isKnown = false) => {
    const socket = Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Socket;
    const refused = crowd.refusal(socket);
    const guest = { isKnown, isCut: false, cut: () => void Object.assign(guest, { isCut: true }) };
    if (refused === undefined) crowd.enter(guest, socket);
    return Object.assign(guest, { refused, leave: () => socket.emit('close') });
  };
  return { crowd, come, told };
}

describe('a full door', () => {
  test('ends the stranger that has been there longest for one that comes, and passes over who is known', () => {
    const { crowd, come, told } = door({ most: 3 });
    const [known, first, second] = [come('10.0.0.1', true), come('10.0.0.2'), come('10.0.0.3')];
    expect(come('10.0.0.4').refused).toBeUndefined();
    expect([known.isCut, first.isCut, second.isCut]).toEqual([false, true, false]);
    expect(crowd.size).toBe(3);
    expect(told).toEqual(['made_room']);
  });

  test('does not count twice the one it ended, whose socket closes later', () => {
    const { crowd, come } = door({ most: 1 });
    const first = come('10.0.0.1');
    come('10.0.0.2');
    first.leave();
    expect(crowd.size).toBe(1);
  });

  test('refuses who comes when all are known', () => {
    const { come, told } = door({ most: 2 });
    const [first, second] = [come('10.0.0.1', true), come('10.0.0.2', true)];
    expect(come('10.0.0.3').refused).toBe('door_full');
    expect([first.isCut, second.isCut]).toEqual([false, false]);
    expect(told).toEqual(['door_full']);
    second.leave();
    expect(come('10.0.0.3').refused).toBeUndefined();
  });
});

describe('one address', () => {
  test('holds its share, known or not, and gets room again when one of its connections closes', () => {
    const { come, told } = door({ most: 10, perAddress: 2 });
    const [first] = [come('10.0.0.1', true), come('10.0.0.1')];
    expect(come('10.0.0.1').refused).toBe('address_share');
    expect(come('::ffff:10.0.0.1').refused).toBe('address_share');
    expect(come('10.0.0.2').refused).toBeUndefined();
    expect(told).toEqual(['address_share', 'address_share']);
    first?.leave();
    expect(come('10.0.0.1').refused).toBeUndefined();
  });

  test.each([['127.0.0.1'], ['127.8.9.1'], ['::1'], ['::ffff:127.0.0.1'], [undefined]])(
    '%s is that of many applications beside the agent: it may fill the door',
    (address) => {
      const { come } = door({ most: 4, perAddress: 1 });
      const all = Array.from({ length: 4 }, () => come(address));
      expect(all.map(({ refused }) => refused)).toEqual([undefined, undefined, undefined, undefined]);
    },
  );

  test('may hold the whole door where no share is given', () => {
    const { come } = door({ most: 2, perAddress: undefined });
    expect([come('10.0.0.1').refused, come('10.0.0.1').refused]).toEqual([undefined, undefined]);
  });
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::1:2:3:4:5', '2001:db8:0:1'],
  ['2001:db8::', '2001:db8:0:0'],
  ['::', '0:0:0:0'],
])('who holds %s is %s', (address, holder) => {
  expect(holderOf(address)).toBe(holder);
});

test.each([['128.0.0.1'], ['10.127.0.1'], ['::1:1'], ['::12'], ['127::1']])(
  '%s is no loopback',
  (address) => {
    expect(isLoopback(address)).toBe(false);
  },
);
