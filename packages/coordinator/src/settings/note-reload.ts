import type { SettingChange } from '@leafcutter/shared/config/live-settings';
import type { Logger } from '@leafcutter/shared/logger';
import type { Store } from '../domain/allocation/store.ts';
import type { TrailEvents } from '../domain/tags/tags.ts';
import { ACTORS } from '../domain/trail/trail.ts';

interface Parts {
  readonly store: Pick<Store, 'note'>;
  readonly metrics: TrailEvents & { trailFailed(): void };
  readonly log: Pick<Logger, 'error'>;
  readonly coordinatorId: string;
}

/**
 * Enters in the trail what changed of a running coordinator's settings. They count from when they were read, whether
 * the store is there or not: a token that leaked must not go on because that is away. Then the log has the change.
 */
export async function noteReload(
  { store, metrics, log, coordinatorId }: Parts,
  changes: readonly SettingChange[],
): Promise<void> {
  const action = 'settings.reload' as const;
  const before = Object.fromEntries(changes.map((change) => [change.key, change.before]));
  const after = Object.fromEntries(changes.map((change) => [change.key, change.after]));
  try {
    await store.note({
      actor: ACTORS.configuration,
      origin: '',
      coordinatorId,
      action,
      subject: '',
      before,
      after,
    });
    metrics.trailNoted(action);
  } catch (err) {
    metrics.trailFailed();
    log.error({ err, before, after }, 'changed settings could not be entered in the audit trail');
  }
}
