import type { Handler, Methods } from './service-app.ts';

/** Methods that ask for something. HEAD, OPTIONS, TRACE and those of WebDAV would burn an ID for nobody. */
const ASKING = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** `handler` for every method that asks, as the systems do whose clients we answer; OPTIONS is told which these are. */
export function anyMethod(handler: Handler): Methods {
  const asking = ASKING.map((method) => [method, handler] as const);
  const told = [...ASKING, 'OPTIONS'].join(', ');
  return { ...Object.fromEntries(asking), OPTIONS: (_req, res) => void res.set('Allow', told).end() };
}
