import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { RedisState } from '@leafcutter/shared/fleet-views';
import type { DependencyState, Health } from '@leafcutter/shared/health';
import { RETRY_REASONS } from '../domain/allocation/store.ts';
import type { Trouble } from './trouble.ts';

const UP: DependencyState = { state: 'up', ok: true, reason: null, words: null };

/** Reasons of a MySQL that does not answer. With any other reason it answers and refuses. */
const SILENT: ReadonlySet<string | null> = new Set([
  ...['unreachable', 'deadline'],
  ...[RETRY_REASONS.connectionLost, RETRY_REASONS.commitUnclear],
]);

/** A MySQL that serves, though not on as many connections as are wanted. */
const CROWDED = 'connections';

const REDIS_REASONS: Partial<Record<RedisState, string>> = { down: 'redis', read_only: 'redis_read_only' };

/** Notes how the store of the counters does. */
export function noteStore(health: Health, trouble: Trouble | undefined): void {
  if (trouble === undefined) {
    health.note('store', UP);
    return;
  }
  const { reason, words } = trouble;
  const answering = reason === CROWDED ? 'crowded' : 'refusing';
  health.note('store', { state: SILENT.has(reason) ? 'down' : answering, ok: false, reason, words });
}

/** Notes how Redis does. `refusal`: why the guard refuses this Redis. */
export function noteRedis(
  health: Health,
  seen: RedisState,
  trouble: Trouble | undefined,
  refusal: LeafcutterError | undefined,
): void {
  // At start there may be no connection yet, though the watch has not given Redis up.
  const state = seen === 'up' && trouble !== undefined ? 'down' : seen;
  if (state === 'none') return;
  if (state === 'up') health.note('redis', UP);
  else if (state === 'refused') {
    // Its message is in the log already, with what to do.
    health.note('redis', { state, ok: false, reason: refusal?.reason ?? null, words: null });
  } else {
    const reason = REDIS_REASONS[state] ?? null;
    health.note('redis', { state, ok: false, reason, words: trouble?.words ?? null });
  }
}
