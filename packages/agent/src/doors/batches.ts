import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Segment } from '../domain/segments/segment.ts';
import type { ExactId } from '../domain/segments/segment-buffer.ts';

/** How many IDs of a batch are written at once. */
export const SLICE = 1_000;

/**
 * Writes large batches so that others go first. After each slice a batch waits for its next turn, and all batches
 * together get one turn in each turn of the event loop. So a caller that asks for one ID waits for one slice at most,
 * however many batches are under way. The IDs were taken before, all at once: they rise, and nobody else's lie among
 * them (I3).
 */
export class Batches {
  readonly #nextTurn: (work: () => void) => void;
  readonly #line: (() => void)[] = [];

  /** `nextTurn`: calls back after everything else that is due, as `setImmediate` does. */
  constructor(nextTurn: (work: () => void) => void) {
    this.#nextTurn = nextTurn;
  }

  /**
   * The pieces that `put` makes of the slices of a batch, in order. A batch smaller than a slice is written at once.
   * @throws SEGMENTS_EXHAUSTED if `signal` says that the caller has gone, so that nothing is written for nobody
   */
  async write<Piece>(
    slices: Iterable<readonly string[]>,
    put: (texts: readonly string[]) => Piece,
    signal?: AbortSignal,
  ): Promise<Piece[]> {
    const pieces: Piece[] = [];
    for (const texts of slices) {
      pieces.push(put(texts));
      if (texts.length === SLICE) await this.#giveWay();
      if (signal?.aborted) throw new LeafcutterError('SEGMENTS_EXHAUSTED', 'The caller has gone.');
    }
    return pieces;
  }

  #giveWay(): Promise<void> {
    return new Promise((resolve) => {
      this.#line.push(resolve);
      if (this.#line.length === 1) this.#nextTurn(this.#serve);
    });
  }

  readonly #serve = (): void => {
    const [first] = this.#line;
    this.#line.shift();
    if (this.#line.length > 0) this.#nextTurn(this.#serve);
    first?.();
  };
}

/** The texts of IDs as their tag writes them (decimal digits without a shape), up to a slice at a time. */
export function* textsOf(ranges: readonly Segment[]): Generator<string[]> {
  let texts: string[] = [];
  for (const { start, end, shape } of ranges) {
    const write = (id: ExactId) => (shape === undefined ? String(id) : shape.write(id));
    // A Number is written ten times as fast as a bigint, and holds these exactly.
    const [first, last] = end <= Number.MAX_SAFE_INTEGER ? [Number(start), Number(end)] : [start, end];
    for (let id: ExactId = first; id < last; id++) {
      texts.push(write(id));
      if (texts.length === SLICE) {
        yield texts;
        texts = [];
      }
    }
  }
  if (texts.length > 0) yield texts;
}

/** The digits of IDs, up to a slice at a time. */
export function* digitsOf(ids: readonly bigint[]): Generator<string[]> {
  for (let at = 0; at < ids.length; at += SLICE) yield ids.slice(at, at + SLICE).map(String);
}
