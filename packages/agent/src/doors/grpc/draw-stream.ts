import type { ServerDuplexStream } from '@grpc/grpc-js';
import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Scope } from '@leafcutter/shared/http/tokens';
import { retryAfterMs } from '@leafcutter/shared/problem';
import type { DrawRequest__Output as DrawRequest } from '../../generated/leafcutter/v1/DrawRequest.ts';
import type { DrawResponse } from '../../generated/leafcutter/v1/DrawResponse.ts';
import type { Dispenser } from '../dispenser.ts';
import { type Calls, whileOpen } from './calls.ts';
import { readCount } from './read-count.ts';

/**
 * One stream of requests, answered in order. Reading stops while a request waits for its IDs, and while the client
 * does not take its answers. So a stream never holds more than one answer and gRPC's own windows. A request that
 * fails is answered with a failure; only a missing token and a stopping agent end the stream.
 */
export class DrawStream {
  readonly #call: ServerDuplexStream<DrawRequest, DrawResponse>;
  readonly #calls: Calls;
  readonly #ids: Dispenser;
  /** What the stream's token opens now. @throws UNAUTHORIZED */
  readonly #scope: () => Scope;
  readonly #gone: AbortSignal;
  /** A request waits for its IDs. */
  #waiting = false;
  /** The client has sent its last request, but may still be owed an answer. */
  #asksNoMore = false;
  #finishing = false;

  constructor(
    call: ServerDuplexStream<DrawRequest, DrawResponse>,
    calls: Calls,
    ids: Dispenser,
    scope: () => Scope,
  ) {
    this.#call = call;
    this.#calls = calls;
    this.#ids = ids;
    this.#scope = scope;
    this.#gone = whileOpen(call);
    call.on('data', (request: DrawRequest) => this.#asked(request));
    call.on('drain', () => this.#goOn());
    call.on('end', () => {
      this.#asksNoMore = true;
      if (!this.#waiting) call.end();
    });
    // If a stream's bytes cannot be read, the library ends it; nothing is owed to it.
    call.on('error', () => undefined);
  }

  /** Ends the stream as soon as nothing waits. */
  finish(): void {
    this.#finishing = true;
    if (!this.#waiting) this.#end();
  }

  #asked(request: DrawRequest): void {
    // Requests that were read before the stream ended are not answered, so no IDs are taken for them.
    if (this.#finishing) return;
    try {
      const { correlation, text } = request;
      const responseOf = (ids: string[]) => (text ? { correlation, texts: ids } : { correlation, ids });
      const answered = this.#answer(request);
      if (Array.isArray(answered)) {
        this.#send(responseOf(answered));
        return;
      }
      this.#waiting = true;
      this.#call.pause();
      void answered.then(
        (ids) => this.#arrived(responseOf(ids)),
        (error) => this.#arrived(this.#failure(request, error)),
      );
    } catch (error) {
      this.#send(this.#failure(request, error));
    }
  }

  /** IDs from memory, or after a wait. */
  #answer(request: DrawRequest): string[] | Promise<string[]> {
    const count = readCount(request.count);
    const scope = this.#scope();
    if (request.snowflake) {
      scope.checkSnowflake();
      if (request.tag !== '')
        throw new LeafcutterError(
          'BAD_REQUEST',
          'A request must name a tag or ask for snowflake IDs, not both.',
          {
            reason: 'tag',
          },
        );
      return this.#ids.snowflakeDigits(scope, count, asTheyAre, this.#gone).then((slices) => slices.flat());
    }
    scope.checkTag(request.tag);
    const now = count === 1 ? this.#ids.oneNow(request.tag) : undefined;
    if (now !== undefined) return [String(now)];
    const drawn = request.text
      ? this.#ids.texts(scope, request.tag, count, asTheyAre, this.#gone)
      : this.#ids.digits(scope, request.tag, count, asTheyAre, this.#gone);
    return drawn.then((slices) => slices.flat());
  }

  #failure(request: DrawRequest, thrown: unknown): DrawResponse {
    const error = this.#calls.refused(thrown, this.#call);
    const { code, reason = '', message, retryable } = error;
    const retry_after_ms = Math.ceil(retryAfterMs(error) ?? 0);
    const failure = { code, reason, message, retryable, retry_after_ms };
    return { correlation: request.correlation, failure };
  }

  #arrived(response: DrawResponse): void {
    this.#waiting = false;
    this.#send(response);
    if (this.#finishing) this.#end();
    else if (this.#asksNoMore) this.#call.end();
    else this.#goOn();
  }

  #send(response: DrawResponse): void {
    if (this.#call.cancelled || this.#call.writableEnded) return;
    if (!this.#call.write(response)) this.#call.pause();
  }

  #goOn(): void {
    if (!this.#waiting && !this.#call.writableNeedDrain) this.#call.resume();
  }

  #end(): void {
    if (this.#call.cancelled || this.#call.writableEnded) return;
    const stopping = new LeafcutterError('SEGMENTS_EXHAUSTED', 'The agent is stopping; open a new stream.', {
      reason: 'shutting_down',
    });
    this.#call.emit('error', this.#calls.failed(stopping, this.#call));
  }
}

function asTheyAre(texts: readonly string[]): readonly string[] {
  return texts;
}
