import { PATIENCE_MS } from '../support/patience.ts';

/**
 * How late an answer may be: an agent's own deadline, plus what two busy cores may add to it. That is three seconds,
 * unless more patience is asked for.
 */
export const LATEST_MS = 2_000 + PATIENCE_MS / 40;
