import { LeafcutterError } from '@leafcutter/shared/errors';
import { STATUS_CODES } from '@leafcutter/shared/http/node-http';
import type { Handler, RouteOptions } from '@leafcutter/shared/http/service-app';
import type { Request, Response } from 'express';
import type { Dispenser } from './dispenser.ts';

/** As Spring writes it. */
export const SPRING_JSON = 'application/json;charset=UTF-8';

const SAID = { 404: 'No message available', 405: 'Method Not Allowed' } as const;

/**
 * Leaf and tinyid are programs of Spring Boot 1.5, and answer so what they have nothing for, whatever type the client
 * would rather have; browsers they tell the same as a page. (Source: Spring Boot, `DefaultErrorAttributes`.)
 */
export class SpringErrors {
  readonly #ids: Pick<Dispenser, 'refused'>;
  readonly #now: () => number;

  /** `ids` counts what is refused. `now`: wall clock, unix milliseconds. */
  constructor(ids: Pick<Dispenser, 'refused'>, now: () => number) {
    this.#ids = ids;
    this.#now = now;
  }

  readonly nothingThere: Handler = (req, res) => {
    this.#send(404, new LeafcutterError('NOT_FOUND', 'There is nothing at this address.'), req, res);
  };

  readonly refuseMethod: RouteOptions['refuse'] = (error, req, res) => this.#send(405, error, req, res);

  #send(status: keyof typeof SAID, refused: LeafcutterError, req: Request, res: Response): void {
    const [path] = req.originalUrl.split('?', 1);
    this.#ids.refused(refused, { method: req.method, path });
    const error = STATUS_CODES[status];
    res.status(status).setHeader('Content-Type', SPRING_JSON);
    res.end(JSON.stringify({ timestamp: this.#now(), status, error, message: SAID[status], path }));
  }
}
