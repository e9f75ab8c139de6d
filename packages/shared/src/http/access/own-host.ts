import type { IncomingHttpHeaders } from 'node:http';
import { LeafcutterError } from '../../errors.ts';

/** Hosts that no DNS can point to this machine: addresses, and the name that every machine has for itself. */
const LITERAL = /^(localhost|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;

/** True for a `Host` that a page cannot have got by DNS rebinding, and for the names in `allowed`. */
export function isOwnHost(host: string, allowed: readonly string[] = []): boolean {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase();
  return name === '' || LITERAL.test(name) || allowed.some((one) => one.toLowerCase() === name);
}

/**
 * Refuses a name that somebody else's DNS pointed to this machine (DNS rebinding). It is for a service on loopback
 * without tokens, whose clients only prove that they can reach it.
 * @throws FORBIDDEN with reason `foreign_host`
 */
export function refuseForeignHost({ host = '' }: IncomingHttpHeaders, allowed?: readonly string[]): void {
  if (isOwnHost(host, allowed)) return;
  throw new LeafcutterError(
    'FORBIDDEN',
    `Without tokens, this service answers only at IP addresses such as 127.0.0.1${allowed === undefined ? '' : ' and at the names in allowedHosts'}.`,
    { reason: 'foreign_host' },
  );
}
