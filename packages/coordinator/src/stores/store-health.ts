import type { LeafcutterError } from '@leafcutter/shared/errors';
import type { RedisState } from '@leafcutter/shared/fleet-views';
import type { DependencyState, Health } from '@leafcutter/shared/health';
import { RETRY_REASONS } from '../domain/allocation/store.ts';
import type { Trouble } from './trouble.ts';

const UP: DependencyState = { state: 'up', ok: true, reason: null, words: null };

/** How a MySQL is that answers and refuses no statement, or that does not answer. With any other reason it refuses. */
const STATES: Readonly<Record<string, string>> = {
  unreachable: 'down',
  [RETRY_REASONS.connectionLost]: 'down',
  [RETRY_REASONS.commitUnclear]: 'down',
  // It serves, though not on as many connections as are wanted.
  connections: 'crowded',
  // Each statement is answered, and all together too late.
  deadline: 'slow',
};

const REDIS_REASONS: Partial<Record<RedisState, string>> = { down: 'redis', read_only: 'redis_read_only' };

/** Notes how the store of the counters does. */
export function noteStore(health: Health, trouble: Trouble | undefined): void {
  if (trouble === undefined) {
    health.note('store', UP);
    return;
  }
  const { reason, words } = trouble;
  health.note('store', { state: STATES[reason ?? ''] ?? 'refusing', ok: false, reason, words });
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
