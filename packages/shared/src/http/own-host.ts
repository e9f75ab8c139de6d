import type { IncomingHttpHeaders } from 'node:http';
import { LeafcutterError } from '../errors.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Refuses a name that somebody else's DNS made this machine's (DNS rebinding). For a service on loopback without tokens:
 * being able to reach it is all that its clients show.
 * @throws FORBIDDEN with reason `foreign_host`
 */
export function refuseForeignHost({ host = '' }: IncomingHttpHeaders): void {
  if (host === '' || LOOPBACK.test(host)) return;
  throw new LeafcutterError(
    'FORBIDDEN',
    'Without tokens this service answers only by the names of this machine itself, such as 127.0.0.1.',
    { reason: 'foreign_host' },
  );
}
