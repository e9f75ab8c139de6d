import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { LeafcutterError as Failure, type LeafcutterError, toLeafcutterError } from '../errors.ts';
import { checkSameSite } from './access/same-site.ts';
import { answerOptions } from './bare-app.ts';
import { COMMON_HEADERS } from './common-headers.ts';
import { type Endpoint, methodAndPath } from './endpoints/endpoint.ts';
import { openApiDocument } from './endpoints/openapi.ts';
import { problemAnswer } from './problem-answer.ts';

export type Handler = (request: Request, response: Response) => void | Promise<void>;
export type Methods = Readonly<Record<string, Handler>>;

type Guard = (request: Request) => void;

export interface RouteOptions {
  /** Runs before the handler and throws if the caller may not pass. */
  readonly guard?: Guard;
  /** Answers what guard or handler threw, in place of a problem document; it counts the error by itself. */
  readonly refuse: (error: LeafcutterError, request: Request, response: Response) => void;
  /** Answers a method that the route does not take, likewise; by default that is a problem document. */
  readonly refuseMethod?: RouteOptions['refuse'];
}

/** A route without `refuse`: its failures are problem documents. */
type OwnRoute = Partial<RouteOptions>;

export interface AppOptions {
  /** Largest request body, in bytes. */
  readonly bodyLimitBytes: number;
  /** Told of every error that is answered, to count it and, if it is `INTERNAL`, to log it. */
  readonly onError: (error: LeafcutterError, request: Request) => void;
  /** Title of the document at `/openapi.json`, which tells what `serve` serves. Without one there is no document. */
  readonly title?: string;
}

/**
 * An Express application with the manners of every Leafcutter service: paths match exactly, HEAD and unlisted methods
 * get 405 with `Allow` (Express would run GET's handler for HEAD and burn an ID) except at what probes ask, other sites'
 * pages are refused, nothing is cached, and every failure is a problem document without a stack.
 */
export class ServiceApp {
  readonly express: Express = express();
  readonly #options: AppOptions;
  readonly #served: Endpoint<never, string>[] = [];

  constructor(options: AppOptions) {
    this.#options = options;
    this.express.set('case sensitive routing', true);
    this.express.set('strict routing', true);
    this.express.set('query parser', 'simple');
    this.express.set('etag', false);
    // Express would answer `If-None-Match: *` with 304 and no body, after the ID was taken.
    Object.defineProperty(this.express.request, 'fresh', { get: () => false });
    this.express.disable('x-powered-by');
    this.express.use((request, response, next) => {
      response.set(COMMON_HEADERS);
      checkSameSite(request);
      next();
    });
    this.express.use(refuseLongBody(options.bodyLimitBytes));
    this.express.use(express.json({ limit: options.bodyLimitBytes, inflate: false }));
  }

  /** Serves endpoints of ours; their handlers are given `door`. Where two paths fit, the first one answers. */
  serve<Door, Access extends string>(
    endpoints: readonly Endpoint<Door, Access>[],
    door: Door,
    guards: Readonly<Record<Access, Guard>>,
  ): void {
    this.#served.push(...endpoints);
    for (const [path, ofPath] of Map.groupBy(endpoints, (endpoint) => methodAndPath(endpoint)[1])) {
      const methods = ofPath.flatMap((endpoint): [string, Handler][] => {
        const handler: Handler = (request, response) => {
          if (endpoint.access !== undefined) guards[endpoint.access](request);
          return endpoint.handle(door, request, response);
        };
        // Node sends no body in answer to HEAD.
        const looks: [string, Handler][] = [
          ['HEAD', handler],
          ['OPTIONS', (_request, response) => answerOptions(response)],
        ];
        return [[methodAndPath(endpoint)[0], handler], ...(endpoint.probed === true ? looks : [])];
      });
      this.#add(path.replaceAll(/\{(\w+)\}/g, ':$1'), Object.fromEntries(methods));
    }
  }

  /** Serves another system's address, which refuses in that system's words and stands in no document. */
  route(path: string, methods: Methods, options: RouteOptions): void {
    this.#add(path, methods, options);
  }

  #add(path: string, methods: Methods, { guard, refuse, refuseMethod }: OwnRoute = {}): void {
    const allowed = Object.keys(methods).join(', ');
    this.express.all(path, async (request, response) => {
      const handler = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
      if (handler === undefined) {
        response.setHeader('Allow', allowed);
        const error = new Failure('METHOD_NOT_ALLOWED', `This address accepts ${allowed}.`);
        if (refuseMethod === undefined) throw error;
        refuseMethod(error, request, response);
        return;
      }
      try {
        guard?.(request);
        await handler(request, response);
      } catch (thrown) {
        if (refuse === undefined || response.headersSent) throw thrown;
        refuse(translate(thrown), request, response);
      }
    });
  }

  /** Completes the application: if no route matches, the answer is 404; if a route throws, it is a problem document. */
  seal(): Express {
    const { title } = this.#options;
    if (title !== undefined) {
      const served = [...this.#served];
      // Made when somebody asks: the schemas of all answers become megabytes, and most services are never asked.
      let document: object | undefined;
      const GET: Handler = (_request, response) => {
        document ??= openApiDocument(title, served);
        response.json(document);
      };
      this.#add('/openapi.json', { GET });
    }
    this.express.use((request) => {
      throw new Failure('NOT_FOUND', `There is nothing at ${request.path.slice(0, 200)}.`);
    });
    this.express.use((thrown: unknown, request: Request, response: Response, _next: NextFunction) => {
      const error = translate(thrown);
      this.#options.onError(error, request);
      sendProblem(response, error);
    });
    return this.express;
  }
}

/** Answers with the problem document of `error`; where an answer has begun already, ends the connection. */
function sendProblem(response: Response, error: LeafcutterError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, contentType, headers, body } = problemAnswer(error);
  response.set(headers).status(status).type(contentType).send(body);
}

/** Routes that ignore their body would otherwise read one of any length. */
function refuseLongBody(limit: number) {
  return (request: Request, _response: Response, next: NextFunction): void => {
    if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
    next();
  };
}

function tooLarge(limit?: number): LeafcutterError {
  return new Failure(
    'PAYLOAD_TOO_LARGE',
    `The body is larger than ${limit === undefined ? 'this service accepts' : `${limit} bytes`}.`,
  );
}

/** Errors of Express and its parsers carry a status; every other unknown error is INTERNAL. */
function translate(thrown: unknown): LeafcutterError {
  if (thrown instanceof Failure) return thrown;
  const status =
    typeof thrown === 'object' && thrown !== null && 'status' in thrown ? thrown.status : undefined;
  if (status === 413) return tooLarge();
  if (thrown instanceof URIError) {
    return new Failure('BAD_REQUEST', 'The address has a broken % escape.', { reason: 'path' });
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Failure('BAD_REQUEST', 'The body is not valid JSON in UTF-8.', { reason: 'body' });
  }
  return toLeafcutterError(thrown);
}
