import { version as node } from 'node:process';
import { COMMIT, VERSION } from '@leafcutter/shared/version';

/** What this program is, in a line: version, commit and the Node that it runs on. */
export function versionText(): string {
  const from = COMMIT === undefined ? 'from a checkout' : `commit ${COMMIT}`;
  return `leafcutter ${VERSION} (${from}, Node ${node.slice(1)})\n`;
}
