import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { configurationDocument } from '@leafcutter/cli/config-command';

test('docs/configuration.md is what `npm run build` writes from the settings', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(page).toBe(configurationDocument());
});
