import { LeafcutterError } from '@leafcutter/shared/errors';
import { STATUS_CODES } from '@leafcutter/shared/http/node-http';
import type { Handler, RouteOptions } from '@leafcutter/shared/http/service-app';
import type { Request, Response } from 'express';
import type { Dispenser } from './dispenser.ts';

/** As Spring writes it. */
export const SPRING_JSON = 'application/json;charset=UTF-8';

/** What Spring tells of a request that it refuses by itself. */
interface SpringError {
  readonly status: 400 | 404;
  readonly exception?: string;
  readonly message: string;
}

const NOTHING_THERE: SpringError = { status: 404, message: 'No message available' };

/**
 * Leaf and tinyid are programs of Spring Boot 1.5, on Tomcat, and these are their answers to clients that take JSON; to
 * others they tell the same as a page, or nothing with 406. (Source: Spring Boot, `DefaultErrorAttributes`.)
 */
export class SpringErrors {
  readonly #ids: Pick<Dispenser, 'refused'>;
  readonly #now: () => number;

  /** `ids` counts what is refused. `now`: wall clock, unix milliseconds. */
  constructor(ids: Pick<Dispenser, 'refused'>, now: () => number) {
    this.#ids = ids;
    this.#now = now;
  }

  readonly nothingThere: Handler = (req, res) =>
    this.send(NOTHING_THERE, new LeafcutterError('NOT_FOUND', 'There is nothing at this address.'), req, res);

  /** As Tomcat refuses TRACE; the route has told what it takes. */
  readonly refuseMethod: RouteOptions['refuse'] = (error, { method, path }, res) => {
    this.#ids.refused(error, { method, path });
    res.status(405).end();
  };

  send({ status, ...said }: SpringError, refused: LeafcutterError, req: Request, res: Response): void {
    const [path] = req.originalUrl.split('?', 1);
    this.#ids.refused(refused, { method: req.method, path });
    res.status(status).setHeader('Content-Type', SPRING_JSON);
    res.end(JSON.stringify({ timestamp: this.#now(), status, error: STATUS_CODES[status], ...said, path }));
  }
}
