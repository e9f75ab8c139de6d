import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { productionDependencies } from '../support/installed.ts';

/** Licences that ask for nothing but to be named. */
const PERMISSIVE = /^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|Unlicense|CC0-1\.0)$/;

const { allowBuilds } = parse(
  readFileSync(new URL('../../pnpm-workspace.yaml', import.meta.url), 'utf8'),
) as { allowBuilds: Record<string, boolean> };

describe.each(['agent', 'coordinator', 'cli', 'client', 'shared', 'console'])(
  'what @leafcutter/%s brings along',
  (name) => {
    const installed = productionDependencies(name);

    test('is said', () => {
      const megabytes = installed.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
      process.stdout.write(`@leafcutter/${name}: ${installed.length} packages, ${megabytes.toFixed(1)} MB\n`);
      expect(installed.length).toBeLessThan(250);
    });

    test('asks for nothing but to be named', () => {
      const strict = installed.filter(
        ({ licence }) =>
          !licence
            .split(/ OR | AND |[()]/)
            .filter(Boolean)
            .every((one) => PERMISSIVE.test(one)),
      );
      expect(strict.map(({ name: of, licence }) => `${of}: ${licence}`)).toEqual([]);
    });

    test('runs nothing when it is installed', () => {
      const running = installed.filter(
        ({ name: of, installScripts }) => installScripts.length > 0 && allowBuilds[of] !== false,
      );
      expect(running.map(({ name: of, installScripts }) => `${of}: ${installScripts}`)).toEqual([]);
    });
  },
);

test('the client brings nothing along', () => {
  expect(productionDependencies('client')).toEqual([]);
});

test('NEGATIVE CONTROL: a package with a script, or another licence, would be found', () => {
  const [one] = productionDependencies('agent');
  expect(one?.licence).toMatch(PERMISSIVE);
  expect(PERMISSIVE.test('GPL-3.0')).toBe(false);
  expect(productionDependencies('coordinator').some(({ installScripts }) => installScripts.length > 0)).toBe(
    true,
  );
});
