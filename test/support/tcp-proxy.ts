import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './ports.ts';
import { type Direction, ProxiedConnection, type Verdict } from './proxied-connection.ts';

/** Sees every chunk before it goes on; `connectionId` counts connections from 1. */
export type ChunkHook = (
  direction: Direction,
  chunk: Buffer,
  connectionId: number,
) => Verdict | Promise<Verdict>;

const BOTH: readonly Direction[] = ['client-to-server', 'server-to-client'];

export interface ProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
}

/**
 * A network with faults between a client and a server.
 *
 * - open: the first state; also entered by `heal`, from any state but closed.
 * - cut: entered by `cut`. Connections are ended, new ones refused.
 * - blackhole: entered by `blackhole`. Connections stay or are accepted, and everything that is sent is lost.
 * - closed: entered by `close`, from any state; the end.
 */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  /** Judges every chunk. To cut right after a COMMIT, let it pass and return `cut` for the server's next chunk. */
  onChunk: ChunkHook = () => 'pass';
  #target: ProxyOptions['target'];
  readonly #connections = new Set<ProxiedConnection>();
  #mode: 'open' | 'cut' | 'blackhole' | 'closed' = 'open';
  #listener: Server | undefined;
  #muted: readonly Direction[] = BOTH;
  #delayMs = 0;
  #accepted = 0;

  private constructor(port: number, target: ProxyOptions['target']) {
    this.port = port;
    this.#target = target;
  }

  static async start({ target }: ProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), target);
    await proxy.#listen();
    return proxy;
  }

  get mode(): 'open' | 'cut' | 'blackhole' | 'closed' {
    return this.#mode;
  }

  /** How many connections are open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** How many of them lost something in a blackhole. */
  get lossy(): number {
    return [...this.#connections].filter(({ isLossy }) => isLossy).length;
  }

  /** How many connections were ever accepted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Holds every later chunk from the server back for this long, order kept; 0 ends it. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Ends every connection and refuses new ones, as a host without the service does. */
  async cut(): Promise<void> {
    this.#enter('cut');
    await this.#endAll('close');
  }

  /**
   * Loses everything that is sent, on old and new connections, as a pulled cable does; or only what is sent in one
   * direction, as a broken route does.
   */
  async blackhole(...directions: Direction[]): Promise<void> {
    this.#enter('blackhole');
    this.#muted = directions.length === 0 ? BOTH : directions;
    for (const connection of this.#connections) connection.mute(this.#muted);
    await this.#listen();
  }

  /** Opens the line. Connections that lost something in a blackhole are reset; the others go on. */
  async heal(): Promise<void> {
    this.#enter('open');
    for (const connection of [...this.#connections]) connection.unmute();
    await this.#listen();
  }

  /** Leads new connections to another server, and ends those to the old one, as a failover does. */
  leadTo(target: ProxyOptions['target']): void {
    this.leadNewTo(target);
    this.resetAll();
  }

  /** Leads new connections to another server. Those to the old one stay, as if a name had changed. */
  leadNewTo(target: ProxyOptions['target']): void {
    this.#target = target;
  }

  /** Sends RST on every connection; new ones are welcome at once. */
  resetAll(): void {
    for (const connection of [...this.#connections]) connection.end('reset');
  }

  async close(): Promise<void> {
    this.#mode = 'closed';
    await this.#endAll('close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #enter(mode: 'open' | 'cut' | 'blackhole'): void {
    if (this.#mode === 'closed')
      throw new Error(`The proxy on port ${this.port} is closed; start another one.`);
    this.#mode = mode;
  }

  async #listen(): Promise<void> {
    if (this.#listener !== undefined) return;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    this.#listener = listener;
    listener.listen(this.port, '127.0.0.1');
    await once(listener, 'listening');
  }

  async #endAll(how: 'reset' | 'close'): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    const closed = new Promise((resolve) => (listener ? listener.close(resolve) : resolve(undefined)));
    for (const connection of [...this.#connections]) connection.end(how);
    await closed;
  }

  #accept(client: Socket): void {
    const id = ++this.#accepted;
    const server = connect({ ...this.#target, allowHalfOpen: true });
    const rules = {
      delayMs: (direction: Direction) => (direction === 'server-to-client' ? this.#delayMs : 0),
      judge: (direction: Direction, chunk: Buffer) => this.onChunk(direction, chunk, id),
    };
    const connection = new ProxiedConnection(client, server, rules, () =>
      this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    if (this.#mode === 'blackhole') connection.mute(this.#muted);
  }
}

/** Starts a proxy on a free port of 127.0.0.1, open and without delay. */
export function startProxy(options: ProxyOptions): Promise<TcpProxy> {
  return TcpProxy.start(options);
}
