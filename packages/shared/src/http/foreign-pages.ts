import type { IncomingHttpHeaders } from 'node:http';
import { LeafcutterError } from '../errors.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Refuses what a page of another site lets its visitor's browser send (CSRF): browsers say so in `Sec-Fetch-Site`, and old
 * ones in `Origin`. Programs that are no browsers say neither. Following a link to the console is no such request.
 * @throws FORBIDDEN with reason `foreign_page`
 */
export function refuseForeignPage(method: string, headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) {
    if (site === 'same-origin' || site === 'none') return;
    if (method === 'GET' && headers['sec-fetch-mode'] === 'navigate') return;
    throw foreign();
  }
  const { origin } = headers;
  if (origin !== undefined && hostOf(origin) !== headers.host) throw foreign();
}

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

function foreign(): LeafcutterError {
  return new LeafcutterError('FORBIDDEN', 'A page of another site may not ask this service.', {
    reason: 'foreign_page',
  });
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
