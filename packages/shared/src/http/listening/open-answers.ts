import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { LentSocket } from './lent-socket.ts';

/**
 * The answers that a server is making. From `drain` on, each says that its connection ends with it. Otherwise a
 * client that keeps connections would send its next request into one that is just being closed, and could not know
 * whether an ID was drawn for it. An answer that its client does not take ends with the connection, at the server's
 * timeout.
 */
export class OpenAnswers {
  readonly #open = new Set<ServerResponse>();
  #draining = false;

  /** `listener`, watched. */
  of(listener: RequestListener): RequestListener {
    return (request, response) => {
      const { socket } = request as { readonly socket: Socket | LentSocket };
      if (socket instanceof LentSocket) socket.serve(request, response);
      if (this.#draining || mayHaveSwallowed(request, socket)) sayLast(response);
      this.#open.add(response);
      response.once('close', () => this.#open.delete(response));
      response.on('timeout', endUnread);
      listener(request, response);
    };
  }

  drain(): void {
    this.#draining = true;
    for (const response of this.#open) sayLast(response);
  }
}

/**
 * Nothing was sent or received for as long as the server's timeout. A request that waits for its answer may go on
 * waiting.
 */
function endUnread(socket: Socket): void {
  if (socket.writableLength > 0) socket.destroy();
}

/**
 * True if requests behind this one may be lost: `node:http` declines an upgrade in silence, and then drops what came in one
 * piece with it. The answer to a later request would be taken for that of a lost one, and so its IDs for another tag's.
 */
function mayHaveSwallowed({ headers }: IncomingMessage, socket: Socket | LentSocket): boolean {
  const asksForUpgrade = headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');
  return asksForUpgrade && !(socket instanceof LentSocket && socket.isForOneRequest);
}

function sayLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
