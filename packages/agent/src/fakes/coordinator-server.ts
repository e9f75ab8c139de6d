import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ErrorCode, LeafcutterError } from '@leafcutter/shared/errors';
import { PROBLEM_MEDIA_TYPE, toProblem } from '@leafcutter/shared/problem';

/** What a server answers: a document, a problem, any text, or nothing at all (`silent`). */
export type ScriptedAnswer = { status: number; body: string; type?: string; wire?: string } | 'silent';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

/** A coordinator at the HTTP level: it keeps the requests that it gets, and answers what the test wants. */
export class CoordinatorServer {
  readonly received: Received[] = [];
  answer: (request: Received) => ScriptedAnswer;
  readonly #server: Server;
  #port = 0;
  #arrived = () => {};

  private constructor(answer: (request: Received) => ScriptedAnswer) {
    this.answer = answer;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const received = {
          path: request.url ?? '',
          headers: request.headers,
          body: JSON.parse(Buffer.concat(chunks).toString()),
        };
        this.received.push(received);
        this.#arrived();
        const given = this.answer(received);
        if (given === 'silent') return;
        const wire = given.wire === undefined ? {} : { 'leafcutter-wire': given.wire };
        response.writeHead(given.status, { 'content-type': given.type ?? 'application/json', ...wire });
        response.end(given.body);
      });
    });
  }

  static async start(answer: (request: Received) => ScriptedAnswer): Promise<CoordinatorServer> {
    const server = new CoordinatorServer(answer);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    server.#port = (server.#server.address() as AddressInfo).port;
    return server;
  }

  /** Where it listens, or listened. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The next request has arrived. */
  nextRequest(): Promise<void> {
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Answers like a coordinator of `deploymentId` at `timeMs`. */
export function serving(deploymentId = 'd1', timeMs = 1_800_000_000_000) {
  let counter = 1;
  return ({ path }: Received): ScriptedAnswer => {
    const common = { deploymentId, coordinatorTimeMs: timeMs };
    if (path.endsWith('/end')) return { status: 204, body: '' };
    if (path.endsWith('/segments')) {
      const tag = decodeURIComponent(path.split('/')[3] ?? '');
      const start = counter;
      counter += 10;
      return json(200, { ...common, tag, start: String(start), end: String(counter) });
    }
    if (path.endsWith('/renew')) return json(200, { ...common, to: timeMs + 90_000 });
    if (path.endsWith('/report'))
      return json(200, { ...common, nextReportMs: 300_000, gone: [{ tag: 'old', code: 'TAG_RETIRED' }] });
    return json(201, { ...common, machineId: 5, from: timeMs, to: timeMs + 60_000, heartbeatMs: 15_000 });
  };
}

export function json(status: number, document: object): ScriptedAnswer {
  return { status, body: JSON.stringify(document) };
}

export function problem(code: ErrorCode, reason?: string): ScriptedAnswer {
  const error = new LeafcutterError(code, `It is ${code}.`, reason === undefined ? {} : { reason });
  return { status: error.status, body: JSON.stringify(toProblem(error)), type: PROBLEM_MEDIA_TYPE };
}
