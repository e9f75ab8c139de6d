import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BuiltPage } from '@leafcutter/shared/http/built-page';

const DIST = fileURLToPath(new URL('dist/', import.meta.url));

/** The fleet's page, which coordinators serve, or one agent's; undefined if `npm run build` has not made it. */
export function builtPage(name: 'index' | 'agent'): BuiltPage | undefined {
  const file = `${DIST}${name}.html`;
  if (!existsSync(file)) return undefined;
  const names = readdirSync(`${DIST}assets`);
  return {
    html: readFileSync(file, 'utf8'),
    assets: new Map(names.map((asset) => [asset, readFileSync(`${DIST}assets/${asset}`)])),
  };
}
