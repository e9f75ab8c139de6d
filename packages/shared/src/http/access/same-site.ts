import type { IncomingMessage } from 'node:http';
import { LeafcutterError } from '../../errors.ts';

/**
 * Refuses what a browser sends on behalf of another site's page. Without tokens on loopback, the operator's browser
 * may do everything that the operator may. A page from anywhere can make it send a request, and an image can burn
 * IDs. Programs send neither field and pass. If `Sec-Fetch-Site` is given, it decides: a page cannot set it, and a
 * proxy may have changed `Host`. Otherwise `Origin` decides. A person who follows a link, usually to the console,
 * passes.
 * @throws FORBIDDEN
 */
export function checkSameSite({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined ? isOwn(headers.origin, headers.host) : site === 'same-origin' || site === 'none') {
    return;
  }
  const followsLink =
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (followsLink) return;
  throw new LeafcutterError('FORBIDDEN', 'Pages of other sites may not send requests here.', {
    reason: 'cross_site',
  });
}

function isOwn(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
