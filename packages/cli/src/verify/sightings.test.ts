import { expect, test } from '@jest/globals';
import { Sightings } from './sightings.ts';

/** Looks at one agent every 10 ns; each look is answered after 1 ns. */
function looks(...instances: readonly (string | undefined)[]): Sightings {
  const sightings = new Sightings();
  instances.forEach((instance, index) => {
    if (instance !== undefined) sightings.saw('a', instance, index * 10, index * 10 + 1);
  });
  return sightings;
}

test('a call between two sightings of an instance was answered by it, whatever was not seen in between', () => {
  const sightings = looks('x', 'x', undefined, 'x');
  expect([sightings.instanceAt('a', 1, 10), sightings.instanceAt('a', 5, 29)]).toEqual(['x', 'x']);
});

test('a call that reaches out of what was seen was answered by nobody knows whom', () => {
  const sightings = looks('x', 'x', 'y', 'y');
  const at = (from: number, to: number) => sightings.instanceAt('a', from, to);
  expect([at(2, 9), at(22, 29)]).toEqual(['x', 'y']);
  // Before the first look, around the restart, over it, after the last look, and elsewhere.
  expect([at(0, 5), at(9, 11), at(12, 18), at(5, 25), at(29, 31)]).toEqual(Array(5).fill(undefined));
  expect(sightings.instanceAt('b', 2, 9)).toBeUndefined();
  expect(sightings.instances).toBe(2);
});

test('where an instance comes back, several answer at this address, and nothing is claimed', () => {
  expect(looks('x', 'x', 'y', 'x', 'x').instanceAt('a', 2, 9)).toBeUndefined();
});
