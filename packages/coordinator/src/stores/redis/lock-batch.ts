/** Locks that one call asks for, so that it does not hold up Redis. */
const MOST_AT_ONCE = 64;

interface Asked {
  readonly key: string;
  readonly ticket: string;
  readonly resolve: (answer: string | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Questions about locks that come in one turn of the event loop go in one call: tags that are refilled together cost one
 * round trip, not one each. The scripts treat each lock as if it had been asked for alone.
 */
export class LockBatch {
  readonly #send: (keys: readonly string[], tickets: readonly string[]) => Promise<readonly string[]>;
  #asked: Asked[] = [];

  constructor(send: (keys: readonly string[], tickets: readonly string[]) => Promise<readonly string[]>) {
    this.#send = send;
  }

  ask(key: string, ticket: string): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ key, ticket, resolve, reject });
      if (this.#asked.length === 1) setImmediate(() => this.#sendAll());
    });
  }

  #sendAll(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (let from = 0; from < asked.length; from += MOST_AT_ONCE)
      void this.#ask(asked.slice(from, from + MOST_AT_ONCE));
  }

  async #ask(some: readonly Asked[]): Promise<void> {
    try {
      const answers = await this.#send(
        some.map(({ key }) => key),
        some.map(({ ticket }) => ticket),
      );
      for (const [index, { resolve }] of some.entries()) resolve(answers[index]);
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }
}
