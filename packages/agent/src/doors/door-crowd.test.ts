import { expect, test } from '@jest/globals';
import type { AgentConfig } from '../settings/settings.ts';
import { limitsOf } from './door-crowd.ts';

const boundsWith = (maxConnectionsPerAddress: number | undefined, most?: number) =>
  limitsOf({ config: { maxConnectionsPerAddress } as AgentConfig }, most);

test.each([
  ['a quarter of a door', boundsWith(undefined), { most: 10_000, perAddress: 2_500 }],
  ['a quarter of a small door, rounded down', boundsWith(undefined, 7), { most: 7, perAddress: 1 }],
  ['one connection of the smallest door', boundsWith(undefined, 1), { most: 1, perAddress: 1 }],
  ['what is configured', boundsWith(3), { most: 10_000, perAddress: 3 }],
])('one address may hold %s', (_share, bounds, expected) => {
  expect(bounds).toEqual(expected);
});
