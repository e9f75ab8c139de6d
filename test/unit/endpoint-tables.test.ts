import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('the documents’ tables of endpoints are what stands beside the handlers (npm run build writes them)', async () => {
  const { withEndpointTables } = (await import(join(ROOT, 'scripts/endpoint-tables.mjs'))) as {
    withEndpointTables: (root: string) => Record<string, string>;
  };
  const documents = Object.entries(withEndpointTables(ROOT));
  expect(documents.map(([file]) => file)).toEqual(['docs/api.md', 'docs/limits.md', 'docs/errors.md']);
  for (const [file, text] of documents) expect(readFileSync(join(ROOT, file), 'utf8')).toBe(text);
});
