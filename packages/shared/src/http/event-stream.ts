import type { Response } from 'express';
import { LeafcutterError } from '../errors.ts';

/** Sends one server-sent event whose data is `json`, one line of JSON. */
export type SendEvent = (event: string, json: string) => void;

/** The open event streams of a service, at most `max`. A client that does not read is sent nothing until it has. */
export class EventStreams {
  readonly #max: number;
  readonly #open = new Set<Response>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Makes `res` a stream that stays open until the client goes away or `endAll`. @throws RATE_LIMITED */
  open(res: Response): SendEvent {
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
      // The newest state is all that counts, so what a slow client missed is not made up for.
      if (!res.writableNeedDrain && this.#open.has(res)) res.write(`event: ${event}\ndata: ${json}\n\n`);
    };
  }

  endAll(): void {
    for (const res of this.#open) res.end();
    this.#open.clear();
  }
}
