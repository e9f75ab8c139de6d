import type { IncomingHttpHeaders } from 'node:http';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { isOwnHost, refuseForeignHost } from '@leafcutter/shared/http/own-host';
import type { Agent } from '../agent.ts';

/**
 * Addresses for people. A page of another site can make a browser fetch these, but it can neither read nor change
 * anything with them.
 */
const LOOKED_AT = /^\/(assets\/.*|v1\/status|v1\/events|cache|livez|readyz|metrics)?$/;

/** Every browser's User-Agent begins with this; programs' do not. */
const BROWSER = /^Mozilla\//;

/**
 * Protects an agent without tokens, which gives IDs to everyone who reaches it, from pages in a browser. On loopback
 * it does not answer to a name that a page's own DNS may have given it. Beyond loopback, browsers do not name the
 * page that asks. So there, and if a browser is too old to name it, browsers get no IDs at all.
 */
export class Pages {
  readonly #agent: Pick<Agent, 'tokens' | 'config'>;

  constructor(agent: Pick<Agent, 'tokens' | 'config'>) {
    this.#agent = agent;
  }

  /** True if `check` has to judge a request with this `Host`. */
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
      'Without tokens, this agent gives no IDs to browsers, because any page could make a browser ask for them. Use a program, or set tokens.',
      { reason: 'browser' },
    );
  }
}

/** A browser that sends `Sec-Fetch-Site` says whose page asks, and is judged by that. */
function isFromSilentBrowser(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-site'] === undefined && BROWSER.test(headers['user-agent'] ?? '');
}
