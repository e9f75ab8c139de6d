import type { Tokens } from '@leafcutter/shared/http/tokens';
import type { RunningAgent } from '../running-agent.ts';
import type { Batches } from './batches.ts';
import type { DoorTls } from './door-tls.ts';
import type { Limits } from './limits.ts';
import type { TagTokens } from './tinyid/tag-tokens.ts';

/** An agent as its doors use it, with what they share: who may draw, and how fast. */
export interface Agent extends RunningAgent {
  /** Writes the large answers of all doors. */
  readonly batches: Batches;
  /** How fast one token may draw. */
  readonly limits: Limits;
  /** The tokens of applications, as they are now. */
  readonly tokens: Tokens;
  readonly tinyidTokens: TagTokens;
  /** The certificate that the doors show; undefined if they speak no TLS. */
  readonly tls?: DoorTls | undefined;
}
