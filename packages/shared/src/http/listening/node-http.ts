import { createRequire } from 'node:module';

/**
 * Node's HTTP, required and not imported: an import reads every export of a module, and at `WebSocket` Node loads a
 * whole second HTTP client. That costs 10 MB of memory, in every process, for nothing.
 */
const load = createRequire(import.meta.url);

export const { Agent, createServer, request, STATUS_CODES }: typeof import('node:http') = load('node:http');

/** Only what is configured with certificates needs TLS, which is 4 MB more. */
export const nodeHttps = (): typeof import('node:https') => load('node:https');
export const nodeTls = (): typeof import('node:tls') => load('node:tls');
