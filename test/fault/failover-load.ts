import { setTimeout as sleep } from 'node:timers/promises';
import type { History } from '@leafcutter/cli/verify/history';
import { PATIENCE_MS } from '../support/patience.ts';
import type { AgentPlace } from './arena.ts';

const PACE_MS = 3;

/** Callers that know two agents and ask the other one if the first does not answer with an ID. */
export class FailoverLoad {
  readonly #history: History;
  readonly #agents: readonly AgentPlace[];
  readonly #callers: readonly Promise<void>[];
  readonly #counts = { served: 0, retried: 0, failed: [] as string[] };
  #stopped = false;

  constructor(history: History, agents: readonly AgentPlace[], sources: readonly string[]) {
    this.#history = history;
    this.#agents = agents;
    this.#callers = sources.flatMap((source) => agents.map((_, first) => this.#run(source, first)));
  }

  /** How many calls brought an ID. */
  get served(): number {
    return this.#counts.served;
  }

  async stop(): Promise<{ served: number; retried: number; failed: string[] }> {
    this.#stopped = true;
    await Promise.all(this.#callers);
    return this.#counts;
  }

  async #run(source: string, first: number): Promise<void> {
    while (!this.#stopped) {
      const answers: string[] = [];
      for (let turn = 0; turn < this.#agents.length; turn++) {
        const agent = this.#agents[(first + turn) % this.#agents.length];
        const problem = agent === undefined ? 'there is none' : await this.#ask(source, agent);
        if (problem === undefined) {
          this.#counts.served += 1;
          if (turn > 0) this.#counts.retried += 1;
          break;
        }
        answers.push(problem);
      }
      if (answers.length === this.#agents.length)
        this.#counts.failed.push(`${source}: ${answers.join('; ')}`);
      await sleep(PACE_MS);
    }
  }

  /** Asks for one ID; resolves to what went wrong. */
  async #ask(source: string, { label, service }: AgentPlace): Promise<string | undefined> {
    const path = source === 'snowflake' ? '/v1/snowflake' : `/v1/ids/${source}`;
    const history = this.#history;
    // Another process may answer by now, so the call names none: it is checked for duplicates, but not for order.
    const call = history.invoke({ process: history.newProcess(), agent: label, source, count: 1 });
    try {
      const response = await fetch(service.url + path, { signal: AbortSignal.timeout(PATIENCE_MS) });
      const text = await response.text();
      if (response.ok) {
        history.ok(call, [BigInt(text)]);
        return undefined;
      }
      const code = (JSON.parse(text) as { code: string }).code;
      history.fail(call, code);
      return code;
    } catch (error) {
      history.info(call, 'NO_ANSWER');
      return String(error instanceof Error ? (error.cause ?? error) : error);
    }
  }
}
