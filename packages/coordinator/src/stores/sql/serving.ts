import { LeafcutterError } from '@leafcutter/shared/errors';

/** A server that refused a connection is told as crowded for so long, although it serves, milliseconds. */
const CROWDED_MS = 10_000;

/** A store is told as too slow after so many grants in a row: one may have met a moment in which much was asked. */
const SLOW_TO_TELL = 3;

/** What was asked of the store on one connection, and what that took. */
export interface StoreCall {
  readonly writes: boolean;
  /** Statements that were answered, those that prepared the connection included. */
  statements: number;
  /** In the store's hands: getting the connection, or its turn, and the statements. Milliseconds. */
  tookMs: number;
  /** How long somebody waited for it when it began; undefined if that does not matter. Milliseconds. */
  readonly leftMs: number | undefined;
}

/** Is told what keeps a store from serving, and when it serves. */
export interface ServingTrouble {
  met(error: unknown): void;
  over(): void;
}

/**
 * Tells whether a store serves, by what came of each call. A call to it is served or failed.
 *
 * - serving: the first state; also entered by a call that is served, except as the others have it.
 * - troubled: entered by a call that failed because of the store.
 * - refusing writes: entered by a write that it refused, or held up. Left when a write is served: reads say nothing.
 * - slow: entered when grants in a row were served too late for whoever asked, and it was the store that took so long. Left
 *   by a grant in time, or by another write of which each statement took less than half as long.
 */
export class StoreServing {
  readonly #trouble: ServingTrouble | undefined;
  #crowdedAtMs = Number.NEGATIVE_INFINITY;
  #refusesWrites = false;
  /** Grants in a row that came too late. */
  #late = 0;
  /** What a statement of a grant took while the store is slow. */
  #slowMs: number | undefined;

  constructor(trouble: ServingTrouble | undefined) {
    this.#trouble = trouble;
  }

  /** `leftMs`: how long somebody still waits for it. */
  served(call: StoreCall, leftMs?: number): void {
    if (isLate(call, leftMs)) {
      this.#late += 1;
      if (this.#late >= SLOW_TO_TELL && this.#slowMs === undefined) this.#tooSlow(call);
      return;
    }
    if ((leftMs !== undefined && leftMs >= 0) || this.#isFast(call)) {
      this.#late = 0;
      this.#slowMs = undefined;
    }
    if (this.#slowMs !== undefined || (this.#refusesWrites && !call.writes)) return;
    this.#refusesWrites = false;
    if (performance.now() - this.#crowdedAtMs < CROWDED_MS) return;
    this.#trouble?.over();
  }

  /** `refusesWrites`: what only reads may be served all the same. */
  failed(error: LeafcutterError, refusesWrites: boolean): void {
    this.#refusesWrites = refusesWrites;
    this.#slowMs = undefined;
    this.#trouble?.met(error);
  }

  /** It gave no further connection. */
  crowded(error: LeafcutterError): void {
    this.#crowdedAtMs = performance.now();
    this.#trouble?.met(error);
  }

  /** Only a write shows how long a COMMIT takes. */
  #isFast({ writes, statements, tookMs }: StoreCall): boolean {
    return writes && this.#slowMs !== undefined && tookMs / statements < this.#slowMs / 2;
  }

  #tooSlow({ statements, tookMs, leftMs = 0 }: StoreCall): void {
    this.#slowMs = tookMs / statements;
    const [took, waited] = [tookMs, leftMs].map(Math.round);
    const words = `each statement is answered, but the ${statements} of a grant took ${took} ms together, and the request waited ${waited} ms`;
    this.#trouble?.met(new LeafcutterError('STORE_UNAVAILABLE', words, { reason: 'deadline' }));
  }
}

/** A request that came here too late already had waited for something else. */
function isLate({ tookMs, leftMs: atFirst = 0 }: StoreCall, leftMs: number | undefined): boolean {
  return leftMs !== undefined && leftMs < 0 && atFirst > 0 && tookMs >= atFirst;
}
