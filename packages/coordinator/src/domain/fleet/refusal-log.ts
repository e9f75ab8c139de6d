import { type ErrorCode, hasCode, type LeafcutterError } from '@leafcutter/shared/errors';
import type { Refusal } from './board.ts';

/** Most tags that are remembered. */
const MAX_REFUSED = 20;
/** A refusal is shown for this long after it last happened, in milliseconds. */
const SHOWN_MS = 120_000;
/** Asking again does not help against these: somebody has to give a key, upgrade an agent, set a clock or a step. */
const LASTING: readonly ErrorCode[] = [
  'LAYOUT_MISMATCH',
  'VERSION_UNSUPPORTED',
  'CLOCK_SKEWED',
  'BAD_REQUEST',
];

/** The tags of which this coordinator lately refused segments for a reason that does not pass by itself. */
export class RefusalLog {
  /** By tag, the latest one last. */
  readonly #refusals = new Map<string, Refusal>();

  /** An agent was answered with `error`. */
  note(tag: string, agentId: string, error: unknown, nowMs: number): void {
    if (!hasCode(error, ...LASTING)) return;
    const { code } = error as LeafcutterError;
    this.#refusals.delete(tag);
    this.#refusals.set(tag, { tag, agentId, code, atMs: nowMs });
    const [oldest] = this.#refusals.keys();
    if (this.#refusals.size > MAX_REFUSED && oldest !== undefined) this.#refusals.delete(oldest);
  }

  recent(nowMs: number): Refusal[] {
    return recentOf([...this.#refusals.values()], nowMs);
  }
}

/** Those that are still shown. */
export function recentOf(refusals: readonly Refusal[], nowMs: number): Refusal[] {
  return refusals.filter(({ atMs }) => nowMs - atMs < SHOWN_MS);
}
