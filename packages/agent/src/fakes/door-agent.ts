import { connect, type Socket } from 'node:net';
import { Address } from '@leafcutter/shared/config/address';
import type { Listening } from '@leafcutter/shared/http/listen';
import { Tokens } from '@leafcutter/shared/http/tokens';
import { createLogger } from '@leafcutter/shared/logger';
import type { Agent } from '../doors/agent.ts';
import { Batches } from '../doors/batches.ts';
import { SWEEP_MS } from '../doors/deadlines.ts';
import { Limits } from '../doors/limits.ts';
import { AgentMetrics } from '../metrics/metrics.ts';
import { issuing } from './issuing.ts';
import { LAYOUT } from './samples.ts';

/** Far more than any deadline takes; a day in seconds. */
const MOST_SWEEPS = 86_400;

/** An agent as its doors see it: it has IDs of every tag, and a clock that the test moves. */
export function doorAgent(tokens: readonly string[] = []) {
  const { clock, newTags } = issuing();
  const metrics = new AgentMetrics({
    tags: () => [],
    lease: () => undefined,
    clockOffsetMs: () => undefined,
    certificateEndsAtMs: () => undefined,
    tokens: () => tokens.length,
    dependencies: () => [],
    logLinesDropped: () => 0,
  });
  const agent = {
    clock,
    metrics,
    layout: LAYOUT,
    tags: newTags(),
    tokens: new Tokens(tokens),
    now: () => clock.now(),
    limits: new Limits(clock, { tokenRequestsPerS: 0, tokenIdsPerS: 0 }),
    batches: new Batches(setImmediate),
    config: {
      bodyLimitBytes: 16_384,
      resp: { allowUnsafeIntegers: false },
      listen: { isLoopback: true },
      leaf: { enabled: false },
      goLeaf: { enabled: false },
      tinyid: { segmentIds: 1_000 },
    },
    log: createLogger('silent', {}, { write: () => undefined }),
  } as unknown as Agent;
  return {
    agent,
    clock,
    /** How many connections a door ended, by reason. */
    async ended(): Promise<Record<string, number>> {
      const { body } = await metrics.scrape();
      const lines = body.matchAll(/connections_ended_total\{door="[^"]+",reason="([^"]+)"\} (\d+)/g);
      return Object.fromEntries([...lines].map(([, reason = '', count]) => [reason, Number(count)]));
    },
    /** Lets the clock run until `happened`, sweep by sweep; `each` comes before every one. */
    async sweepUntil(happened: Promise<unknown>, each: () => void = () => undefined): Promise<void> {
      let isOver = false;
      void happened.then(() => {
        isOver = true;
      });
      for (let sweep = 0; !isOver; sweep++) {
        // Otherwise a missing guard would hold up the whole run.
        if (sweep === MOST_SWEEPS) throw new Error('a day has passed on the clock, and nothing happened');
        each();
        await clock.advance(SWEEP_MS);
      }
    },
  };
}

/** Where the doors of a test listen. */
export const ANYWHERE = new Address('127.0.0.1', 0);

/** A connection of a test to a door. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<string>;
  #text = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      this.#text += chunk;
    });
    // A connection that is cut may see a reset.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve(this.#text)));
  }

  /** A connected client that has sent `bytes`. */
  static async of({ address }: Listening, bytes = ''): Promise<RawClient> {
    const { port } = address as Address;
    const socket = connect(port, '127.0.0.1');
    const client = new RawClient(socket);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    if (bytes !== '') socket.write(bytes);
    return client;
  }

  /** Sends bytes; resolves to the next data or, if the connection ends first, to everything received. */
  ask(bytes: string): Promise<string> {
    const answered = new Promise<string>((resolve) => this.socket.once('data', resolve));
    this.socket.write(bytes);
    return Promise.race([answered, this.closed]);
  }
}
