import { connect } from 'node:net';
import { between, freshSeed, seededRandom } from '@leafcutter/agent/fakes/seeded-random';

const MEMORY = /^process_resident_memory_bytes (\S+)/m;

/** A client that sends what nobody should. Its seed is printed, so that a run can be repeated. */
export class Hostile {
  readonly #port: number;
  readonly #random: () => number;

  constructor(port: number, seed = freshSeed()) {
    process.stdout.write(`hostile bytes from seed ${seed}\n`);
    this.#port = port;
    this.#random = seededRandom(seed);
  }

  between(least: number, most: number): number {
    return between(this.#random, least, most);
  }

  noise(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.between(0, 255)));
  }

  /** Sends bytes in pieces, and soon hangs up, whatever the answer. */
  send(bytes: Buffer): Promise<void> {
    const hangUpMs = this.between(1, 20);
    const cuts: number[] = [];
    for (let at = 0; at < bytes.length; at += this.between(1, 2_000)) cuts.push(at);
    return new Promise((resolve) => {
      const client = connect(this.#port, '127.0.0.1', () => {
        cuts.forEach((at, index) => {
          client.write(bytes.subarray(at, cuts[index + 1]));
        });
        setTimeout(() => client.destroy(), hangUpMs);
      });
      client.on('data', () => undefined);
      client.on('error', () => undefined);
      client.on('close', () => resolve());
    });
  }
}

/** Bytes of memory according to the agent. */
export async function residentBytes(agentUrl: string): Promise<number> {
  const text = await (await fetch(`${agentUrl}/metrics`)).text();
  return Number(MEMORY.exec(text)?.[1]);
}
