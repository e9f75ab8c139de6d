import { test } from '@jest/globals';
import { findHelm } from '../../scripts/helm.mjs';
import { testWith } from './deploy.ts';

/** A test of the chart. `npm test` gets Helm, so in CI it’s a failure that there is none. */
export function testWithHelm(title: string, body: (helm: string) => Promise<void>): void {
  const helm = findHelm();
  if (helm !== undefined || !process.env.CI) testWith('helm', helm, title, body);
  else
    test(title, () => {
      throw new Error('There is no Helm, and CI must have it: see the line "Getting Helm" above.');
    });
}
