import { type Clock, sleep } from '@leafcutter/shared/clock';
import { LeafcutterError, toLeafcutterError } from '@leafcutter/shared/errors';
import { occupiedMs } from '../../support/capacity.ts';
import type { Asked, FleetDoor } from './fleet-door.ts';
import { Station } from './fleet-stores.ts';
import type { GrantCheck } from './grant-check.ts';
import { type Call, type CpuMeter, noteAnswered, noteFailed, noteMade, type Tally } from './tally.ts';

/** A question and its answer are this long on their way at least and at most. */
const [FASTEST_MS, SLOWEST_MS] = [0.4, 6];
/** As `coordinatorTimeoutMs`. */
const TIMEOUT_MS = 2_000;

/** How long a call occupies the coordinator that answers it. */
const OCCUPIED_MS: Readonly<Record<Call, number>> = {
  lease: occupiedMs('extension'),
  refill: occupiedMs('refill'),
  heartbeat: occupiedMs('heartbeat'),
  extension: occupiedMs('extension'),
  report: occupiedMs('report'),
};

interface Parts {
  readonly door: FleetDoor;
  readonly clock: Clock;
  readonly random: () => number;
  readonly layout: string;
  readonly grants: GrantCheck;
  readonly meter: CpuMeter;
  /** What is counted now. */
  readonly tally: () => Tally;
}

/**
 * The way from agents to one coordinator. A call takes its time on the network, waits until the coordinator is done with
 * those before it, and occupies it for the CPU time of the model; then the coordinator's own endpoint answers it.
 */
export class FleetCalls {
  readonly clock: Clock;
  readonly random: () => number;
  readonly layout: string;
  readonly grants: GrantCheck;
  readonly #parts: Parts;
  readonly #coordinator: Station;

  constructor(parts: Parts) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.layout = parts.layout;
    this.grants = parts.grants;
    this.#parts = parts;
    this.#coordinator = new Station(parts.clock);
  }

  /** @throws LeafcutterError as a real agent sees it */
  async ask(call: Call, at: Asked, params: Readonly<Record<string, string>>, body: object): Promise<unknown> {
    const { clock, meter, door } = this.#parts;
    const tally = this.#parts.tally();
    const begun = clock.monotonic();
    noteMade(tally, call, begun);
    const onTheWayMs = FASTEST_MS + this.random() * (SLOWEST_MS - FASTEST_MS);
    await sleep(clock, this.#coordinator.doneAfter(OCCUPIED_MS[call], onTheWayMs));
    meter.enter(call);
    try {
      const answer = await door.ask(at, params, body);
      const tookMs = clock.monotonic() - begun;
      meter.enter('agents');
      if (tookMs > TIMEOUT_MS) throw tooLate();
      noteAnswered(tally, call, tookMs);
      return JSON.parse(answer);
    } catch (thrown) {
      const { code, reason } = toLeafcutterError(thrown);
      noteFailed(tally, call, reason === undefined ? code : `${code} ${reason}`);
      throw thrown;
    }
  }

  later(ms: number, work: () => void): void {
    this.clock.after(ms, () => {
      this.#parts.meter.enter('agents');
      work();
    });
  }

  dropped(): void {
    this.#parts.tally().dropped += 1;
  }

  ranDry(): void {
    this.#parts.tally().ranDry += 1;
  }
}

function tooLate(): LeafcutterError {
  return new LeafcutterError('COORDINATOR_UNAVAILABLE', 'The answer came too late.', { reason: 'no_answer' });
}
