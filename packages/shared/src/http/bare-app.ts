import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import { LeafcutterError, toLeafcutterError } from '../errors.ts';
import { checkSameSite } from './access/same-site.ts';
import { COMMON_HEADERS } from './common-headers.ts';
import { type AskedRequest, type Endpoint, methodAndPath } from './endpoints/endpoint.ts';
import { problemAnswer } from './problem-answer.ts';

/** An endpoint that needs nothing of Express. */
type BareEndpoint<Door> = Endpoint<Door, never, AskedRequest, ServerResponse>;

interface BareOptions {
  /** Told of every error that is answered. */
  readonly onError: (
    error: LeafcutterError,
    request: { readonly method: string; readonly path: string },
  ) => void;
  /** Throws if the caller may not pass. */
  readonly check?: (path: string, request: IncomingMessage) => void;
  /** Answers at all other addresses, and may reject. Default: there is nothing. */
  readonly otherwise?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/**
 * Answers what probes and Prometheus ask, on `node:http` alone, with the manners of `ServiceApp`. Express and all that it
 * loads are a tenth of an idle agent, and most agents are asked for nothing else beside single IDs. The endpoints are
 * `probed`, name nothing in their path and take no body.
 */
export function bareApp<Door>(
  endpoints: readonly BareEndpoint<Door>[],
  door: Door,
  { onError, check = () => undefined, otherwise = nothingThere }: BareOptions,
): RequestListener {
  const byPath = new Map(endpoints.map((endpoint) => [methodAndPath(endpoint)[1], endpoint]));
  return (request, response) => {
    const { method = '', url = '' } = request;
    const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(url) ?? [];
    const endpoint = byPath.get(path);
    const answer = async () => {
      if (endpoint === undefined) return otherwise(request, response);
      for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
      checkSameSite(request);
      check(path, request);
      if (method === 'OPTIONS') return answerOptions(response);
      if (method !== 'GET' && method !== 'HEAD') throw notAllowed(response);
      return endpoint.handle(door, Object.assign(request, { params: {}, query: parse(query) }), response);
    };
    answer().catch((thrown: unknown) => {
      const error = toLeafcutterError(thrown);
      onError(error, { method, path });
      refuse(response, error);
    });
  };
}

const ALLOWED = 'GET, HEAD, OPTIONS';

export function answerOptions(response: ServerResponse): void {
  response.setHeader('Allow', ALLOWED);
  response.statusCode = 204;
  response.end();
}

function notAllowed(response: ServerResponse): LeafcutterError {
  response.setHeader('Allow', ALLOWED);
  return new LeafcutterError('METHOD_NOT_ALLOWED', `This address accepts ${ALLOWED}.`);
}

function nothingThere({ url = '' }: IncomingMessage): Promise<void> {
  return Promise.reject(
    new LeafcutterError('NOT_FOUND', `There is nothing at ${url.split('?', 1)[0]?.slice(0, 200)}.`),
  );
}

function refuse(response: ServerResponse, error: LeafcutterError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, contentType, headers, body } = problemAnswer(error);
  for (const [name, value] of Object.entries({ ...COMMON_HEADERS, ...headers }))
    response.setHeader(name, value);
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.statusCode = status;
  response.end(body);
}
