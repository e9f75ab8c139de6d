import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

/** What these tests read of an object of Kubernetes’. */
export interface KubeObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** A client of the API server, for what has to be asked often: each kubectl takes a tenth of a second of a core. */
export class Api {
  readonly #port: number;
  readonly #token: string;
  readonly #agent: Agent;

  constructor(port: number, token: string, certificate: string) {
    this.#port = port;
    this.#token = token;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4, ca: readFileSync(certificate) });
  }

  /** @throws Error with the server’s words if it says no; what is gone is undefined */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const { status, text } = await this.#send(method, path, body);
    if (status === 404) return undefined;
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  async list(path: string): Promise<readonly KubeObject[]> {
    const answer = (await this.call('GET', path)) as { items: readonly KubeObject[] } | undefined;
    return answer?.items ?? [];
  }

  #send(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    const type = method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json';
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      Authorization: `Bearer ${this.#token}`,
      'Content-Type': type,
      // Node gives a DELETE with a body none by itself; the server then takes the body for the next request.
      'Content-Length': Buffer.byteLength(text),
    };
    const options = { agent: this.#agent, method, path, headers, host: '127.0.0.1', port: this.#port };
    return new Promise((resolve, reject) => {
      const sent = request({ ...options, timeout: 60_000 }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          answer += part;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text: answer }));
        response.once('error', reject);
      });
      sent.once('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.once('error', reject);
      sent.end(text);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
