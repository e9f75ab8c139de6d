import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const HEAD_END = '\r\n\r\n';

/**
 * One kept-alive HTTP/1.1 connection of our own. A pool would be less code. But the fault suite must know which
 * process gave an answer, and only a connection that is never replaced behind our back shows that. It also takes a
 * tenth of a pool's time, so the load does not starve the services. It reads what our agents send: answers with a
 * Content-Length.
 */
export class KeepAlive {
  readonly #socket: Socket;
  readonly #host: string;
  /** Sent with each request, beside Host. */
  readonly #headers: string;
  readonly #pending: Pending[] = [];
  #unread = '';
  #closed = false;

  private constructor(socket: Socket, host: string, headers: Readonly<Record<string, string>>) {
    this.#socket = socket;
    this.#host = host;
    this.#headers = Object.entries(headers)
      .map(([name, value]) => `\r\n${name}: ${value}`)
      .join('');
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#fail());
  }

  /** @throws Error if nobody listens */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<KeepAlive> {
    const { host, hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    await once(socket, 'connect');
    return new KeepAlive(socket, host, headers);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Requests may be sent before earlier ones are answered. Rejects if the connection ends without an answer. */
  get(path: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new Error('the connection is closed'));
        return;
      }
      this.#pending.push({ resolve, reject });
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}${this.#headers}\r\n\r\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
    this.#fail();
  }

  #read(chunk: string): void {
    this.#unread += chunk;
    for (;;) {
      const headEnd = this.#unread.indexOf(HEAD_END);
      if (headEnd < 0) return;
      const head = this.#unread.slice(0, headEnd);
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (length === undefined) {
        this.close();
        return;
      }
      const bodyStart = headEnd + HEAD_END.length;
      const end = bodyStart + Number(length);
      if (this.#unread.length < end) return;
      const answer = { status: Number(head.slice(9, 12)), body: this.#unread.slice(bodyStart, end) };
      this.#unread = this.#unread.slice(end);
      this.#pending.shift()?.resolve(answer);
    }
  }

  #fail(): void {
    this.#closed = true;
    for (const { reject } of this.#pending.splice(0)) reject(new Error('the connection ended'));
  }
}
