import { type handleUnaryCall, Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { ERROR_CODES, type LeafcutterError, toLeafcutterError } from '@leafcutter/shared/errors';
import type { Scope, Tokens } from '@leafcutter/shared/http/tokens';
import { retryAfterMs } from '@leafcutter/shared/problem';
import type { Agent } from '../agent.ts';
import type { Dispenser } from '../dispenser.ts';
import { type FailureCodec, loadFailureCodec } from './protos.ts';

/** The domain of google.rpc.ErrorInfo, which says whose reasons these are. */
const DOMAIN = 'leafcutter';

/** What calls of every kind have in common. */
interface Call {
  readonly metadata: Metadata;
  getPath(): string;
  once(event: 'cancelled', listener: () => void): unknown;
}

/** An answer from memory, or after a wait that the signal ends. */
type Answer<Request, Response> = (
  request: Request,
  signal: () => AbortSignal,
  scope: Scope,
) => Response | Promise<Response>;

/** How calls are admitted and how they fail: the same for every service of a gRPC door. */
export class Calls {
  readonly #ids: Dispenser;
  readonly #tokens: Tokens;
  readonly #codec: FailureCodec = loadFailureCodec();

  constructor(agent: Agent, ids: Dispenser) {
    this.#ids = ids;
    this.#tokens = agent.tokens;
  }

  /** What the call's token opens. @throws UNAUTHORIZED */
  letIn({ metadata }: Call): Scope {
    return this.#tokens.admit(metadata.get('authorization')[0]?.toString());
  }

  /** The same for each request of a stream, because its token may be revoked meanwhile. */
  whoever(call: Call): () => Scope {
    let version = this.#tokens.version;
    let scope = this.letIn(call);
    return () => {
      if (version !== this.#tokens.version) {
        // Only after it was admitted: otherwise the next request of a refused caller would pass.
        scope = this.letIn(call);
        version = this.#tokens.version;
      }
      return scope;
    };
  }

  unary<Request, Response>(answer: Answer<Request, Response>): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const fail = (error: unknown) => callback(this.failed(error, call));
      try {
        const scope = this.letIn(call);
        const answered = answer(call.request, () => whileOpen(call), scope);
        if (answered instanceof Promise) answered.then((late) => callback(null, late), fail);
        else callback(null, answered);
      } catch (error) {
        fail(error);
      }
    };
  }

  /** Counts a refusal and returns the status that ends the call. */
  failed(thrown: unknown, call: Call): StatusObject {
    const error = this.refused(thrown, call);
    const code = status[ERROR_CODES[error.code].grpc];
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', this.#details(error, code));
    return { code, details: error.message, metadata };
  }

  /** Counts a refusal that does not end the call. */
  refused(thrown: unknown, call: Call): LeafcutterError {
    const error = toLeafcutterError(thrown);
    this.#ids.refused(error, { path: call.getPath() });
    return error;
  }

  #details(error: LeafcutterError, code: number): Buffer {
    const { reason, retryable } = error;
    const info = {
      reason: error.code,
      domain: DOMAIN,
      metadata: { retryable: String(retryable), ...(reason === undefined ? {} : { reason }) },
    };
    const details = [any('ErrorInfo', this.#codec.errorInfo(info))];
    const afterMs = retryAfterMs(error);
    if (afterMs !== undefined) {
      const retry_delay = {
        seconds: Math.floor(afterMs / 1_000),
        nanos: Math.floor(afterMs % 1_000) * 1_000_000,
      };
      details.push(any('RetryInfo', this.#codec.retryInfo({ retry_delay })));
    }
    return this.#codec.status({ code, message: error.message, details });
  }
}

/** Ends a wait when the call is cancelled or its deadline passes, so that no ID is taken for nobody. */
export function whileOpen(call: Pick<Call, 'once'>): AbortSignal {
  const controller = new AbortController();
  call.once('cancelled', () => controller.abort());
  return controller.signal;
}

function any(name: string, value: Buffer): { type_url: string; value: Buffer } {
  return { type_url: `type.googleapis.com/google.rpc.${name}`, value };
}
