import type { IncomingHttpHeaders } from 'node:http';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { isOwnHost, refuseForeignHost } from '@leafcutter/shared/http/own-host';
import type { Agent } from '../agent.ts';

/** What a person looks at. A page of another site can make a browser fetch these, and neither read nor change anything. */
const LOOKED_AT = /^\/(assets\/.*|v1\/status|v1\/events|cache|livez|readyz|metrics)?$/;

/** Every browser says so first; programs do not. */
const BROWSER = /^Mozilla\//;

/**
 * Keeps pages in a browser from an agent without tokens, which gives IDs to everyone who reaches it. On loopback it answers
 * by no name that a page's own DNS may have given it. Beyond loopback browsers say nothing of the page that asks, so there, and
 * where they are too old to say it, browsers get no IDs at all.
 */
export class Pages {
  readonly #agent: Pick<Agent, 'tokens' | 'config'>;

  constructor(agent: Pick<Agent, 'tokens' | 'config'>) {
    this.#agent = agent;
  }

  /** True if a request with this `Host` is to be judged by `check`. */
  asksForeign(host: string): boolean {
    const { tokens, config } = this.#agent;
    return tokens.isOpen && config.listen.isLoopback && !isOwnHost(host, config.allowedHosts);
  }

  /** @throws FORBIDDEN with reason `foreign_host` or `browser` */
  check(path: string, headers: IncomingHttpHeaders): void {
    const { tokens, config } = this.#agent;
    if (!tokens.isOpen) return;
    if (config.listen.isLoopback) refuseForeignHost(headers, config.allowedHosts);
    if (!isFromSilentBrowser(headers) || LOOKED_AT.test(path)) return;
    throw new LeafcutterError(
      'FORBIDDEN',
      'Without tokens this agent gives no IDs to browsers, because any page could make one ask. Ask with a program, or set tokens.',
      { reason: 'browser' },
    );
  }
}

/** `Sec-Fetch-Site` tells of the page, and is judged by itself. */
function isFromSilentBrowser(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-site'] === undefined && BROWSER.test(headers['user-agent'] ?? '');
}
