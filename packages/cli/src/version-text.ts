import { COMMIT, VERSION } from '@leafcutter/shared/version';
import type { Io } from './io.ts';

/** What this program is, in a line: version, commit and the Node that it runs on. */
export function versionText({ node }: Pick<Io, 'node'>): string {
  const from = COMMIT === undefined ? 'from a checkout' : `commit ${COMMIT}`;
  return `leafcutter ${VERSION} (${from}, Node ${node})\n`;
}
