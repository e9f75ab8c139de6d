import type { AgentDoor, Identity } from './agent-door.ts';
import type { Budget } from './budget.ts';
import { History } from './history.ts';
import { Sightings } from './sightings.ts';

const LOOK_MS = 250;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
/** The run ends after this long without a single ID: an agent that always refuses must not be asked for ever. */
const STALLED_NS = 30e9;

/**
 * Draws from every agent until the budget is used up, somebody calls `stop`, no ID came for 30 s, or every caller was
 * refused for good. Everything that happened is in `history`, each call with the instance that answered if that is
 * certain.
 */
export class Drawing {
  readonly history: History;
  readonly sightings = new Sightings();
  /** Calls without IDs, by code. */
  readonly refused = new Map<string, number>();
  readonly silent = new Map<string, number>();
  readonly #doors: readonly AgentDoor[];
  readonly #sources: readonly string[];
  readonly #budget: Budget;
  readonly #nowNs: () => number;
  #names = new Map<AgentDoor, string>();
  #stopped = false;
  #lastIdNs = 0;

  constructor(doors: readonly AgentDoor[], sources: readonly string[], budget: Budget) {
    const startedMs = performance.now();
    this.#nowNs = () => (performance.now() - startedMs) * 1e6;
    this.history = new History(this.#nowNs);
    this.#doors = doors;
    this.#sources = sources;
    this.#budget = budget;
  }

  /** Nanoseconds since the start. */
  get elapsedNs(): number {
    return this.#nowNs();
  }

  /** Lets the calls under way end, and begins none. */
  stop(): void {
    this.#stopped = true;
  }

  /** Draws with this many callers per agent. */
  async run(callersPerAgent: number): Promise<void> {
    const identities = await Promise.all(this.#doors.map((door) => this.#look(door, door.url)));
    this.#names = namesOf(this.#doors, identities);
    // What was seen under the address is seen again under the name, before the first call.
    await this.#lookAtAll();
    this.#lastIdNs = this.#nowNs();
    let drawing = true;
    const watching = this.#doors.map(async (door) => {
      while (drawing) {
        await pause(LOOK_MS);
        await this.#look(door, this.#nameOf(door));
      }
    });
    const callers = this.#doors.flatMap((door) =>
      Array.from({ length: callersPerAgent }, (_, index) => this.#call(door, index)),
    );
    await Promise.all(callers);
    drawing = false;
    await Promise.all(watching);
    await this.#lookAtAll();
    this.#attribute();
  }

  /** One caller: one request after the other, of one source after the other. */
  async #call(door: AgentDoor, first: number): Promise<void> {
    const { history } = this;
    const agent = this.#nameOf(door);
    const refusedForGood = new Set<string>();
    let process = history.newProcess();
    let failures = 0;
    for (let turn = first; !this.#isOver(refusedForGood); turn++) {
      const source = this.#sources[turn % this.#sources.length] ?? '';
      if (refusedForGood.has(source)) continue;
      const count = this.#budget.take();
      if (count === 0) return;
      const call = history.invoke({ process, agent, source, count });
      const answer = await door.draw(source, count);
      if (answer.kind === 'ids') {
        history.ok(call, answer.ids);
        this.#lastIdNs = this.#nowNs();
        failures = 0;
        continue;
      }
      this.#budget.giveBack(count);
      if (answer.kind === 'refused') {
        history.fail(call, answer.code);
        countUp(this.refused, answer.code);
        if (!answer.retryable) refusedForGood.add(source);
      } else {
        history.info(call, answer.code);
        countUp(this.silent, answer.code);
        process = history.newProcess();
      }
      await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++));
    }
  }

  #isOver(refusedForGood: ReadonlySet<string>): boolean {
    const stalled = this.#nowNs() - this.#lastIdNs > STALLED_NS;
    return this.#stopped || stalled || refusedForGood.size === this.#sources.length;
  }

  async #lookAtAll(): Promise<void> {
    await Promise.all(this.#doors.map((door) => this.#look(door, this.#nameOf(door))));
  }

  async #look(door: AgentDoor, name: string): Promise<Identity | undefined> {
    const askedNs = this.#nowNs();
    const identity = await door.identity();
    if (identity !== undefined) this.sightings.saw(name, identity.instanceId, askedNs, this.#nowNs());
    return identity;
  }

  #attribute(): void {
    for (let number = 0; number < this.history.size; number++) {
      const { agent, invokedNs, completedNs } = this.history.call(number);
      const instanceId = this.sightings.instanceAt(agent, invokedNs, completedNs);
      if (instanceId !== undefined) this.history.attribute(number, instanceId);
    }
  }

  #nameOf(door: AgentDoor): string {
    return this.#names.get(door) ?? door.url;
  }
}

/** An agent is called by its id; by its address if it does not answer or another one has the same id. */
function namesOf(
  doors: readonly AgentDoor[],
  identities: readonly (Identity | undefined)[],
): Map<AgentDoor, string> {
  const ids = identities.map((identity) => identity?.agentId);
  return new Map(
    doors.map((door, index) => {
      const id = ids[index];
      const unique = ids.indexOf(id) === ids.lastIndexOf(id);
      return [door, id !== undefined && unique ? id : door.url];
    }),
  );
}

function countUp(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
