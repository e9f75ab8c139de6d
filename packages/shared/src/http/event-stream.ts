import type { Response } from 'express';
import { LeafcutterError } from '../errors.ts';

/** Sends one server-sent event whose data is `json`, one line of JSON. */
export type SendEvent = (event: string, json: string) => void;

/** The open event streams of a service, at most `max`. A client that does not read gets nothing until it does. */
export class EventStreams {
  readonly #max: number;
  readonly #open = new Set<Response>();

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * Makes `res` a stream that stays open until the client goes away, `endAll` is called, or `guard` throws. The guard
   * is asked before each event whether the client may still listen, since tokens change meanwhile. @throws
   * RATE_LIMITED
   */
  open(res: Response, guard: () => void): SendEvent {
    if (this.#open.size >= this.#max) {
      throw new LeafcutterError('RATE_LIMITED', `This service has ${this.#max} listeners already.`);
    }
    this.#open.add(res);
    res.once('close', () => this.#open.delete(res));
    res.setHeader('Content-Type', 'text/event-stream');
    // Proxies that buffer would hold the events back.
    res.setHeader('X-Accel-Buffering', 'no');
    res.flushHeaders();
    return (event, json) => {
      if (!this.#open.has(res)) return;
      if (!passes(guard)) this.#end(res);
      // Only the newest state counts, so a slow client does not get what it missed.
      else if (!res.writableNeedDrain) res.write(`event: ${event}\ndata: ${json}\n\n`);
    };
  }

  endAll(): void {
    for (const res of this.#open) this.#end(res);
  }

  #end(res: Response): void {
    this.#open.delete(res);
    res.end();
  }
}

function passes(guard: () => void): boolean {
  try {
    guard();
    return true;
  } catch {
    return false;
  }
}
