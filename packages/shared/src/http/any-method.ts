import { METHODS } from 'node:http';
import type { Handler, Methods } from './service-app.ts';

/** Methods that never reach a handler: HEAD would burn an ID for nobody, CONNECT is no request for a page. */
const NEVER = ['HEAD', 'CONNECT'];

/** `handler` for every method but HEAD, as the systems do whose clients we answer. */
export function anyMethod(handler: Handler): Methods {
  return Object.fromEntries(
    METHODS.filter((method) => !NEVER.includes(method)).map((method) => [method, handler]),
  );
}
