/** What an `IdError` says besides its message. */
interface Details {
  /** True if the same call may succeed later. */
  readonly retryable: boolean;
  /** Narrows down the code. */
  readonly reason?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Every failure of this client. `code` is one of Leafcutter's (docs/errors.md) as the agent sent it, or one of the
 * client's own: `AGENT_UNAVAILABLE` (no answer that can be understood), `CLOSED`, `BAD_REQUEST`, `RATE_LIMITED` and
 * `SEGMENTS_EXHAUSTED` (nothing in memory) before anything was sent.
 */
export class IdError extends Error {
  override readonly name = 'IdError';
  readonly code: string;
  readonly retryable: boolean;
  readonly reason: string | undefined;

  constructor(code: string, message: string, { retryable, reason, cause }: Details) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    this.reason = reason;
  }
}

export function badArgument(name: string, takes: string): IdError {
  return new IdError('BAD_REQUEST', `${name} must be ${takes}.`, { retryable: false, reason: name });
}
