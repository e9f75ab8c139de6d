import { RETRY_REASONS } from '../../domain/allocation/store.ts';
import { type StoreCall, StoreServing } from '../sql/serving.ts';
import { isServersTrouble, isTimeout, translateConnectError } from './errors.ts';
import type { MysqlOptions } from './hosts.ts';

const WRITE_TROUBLE: ReadonlySet<string | undefined> = new Set([
  ...[RETRY_REASONS.refused, RETRY_REASONS.readOnly, 'rights'],
]);

/** Tells whether MySQL serves; knows which of its errors say that it does not. The states are those of `StoreServing`. */
export class MysqlServing {
  readonly #serving: StoreServing;

  constructor(trouble: MysqlOptions['trouble']) {
    this.#serving = new StoreServing(trouble);
  }

  /** `leftMs`: how long somebody still waits for it. */
  served(call: StoreCall, leftMs?: number): void {
    this.#serving.served(call, leftMs);
  }

  failed(error: unknown, { writes }: Pick<StoreCall, 'writes'>): void {
    if (!isServersTrouble(error)) return;
    this.#serving.failed(error, writes && (WRITE_TROUBLE.has(error.reason) || isTimeout(error)));
  }

  /** It gave no further connection. */
  crowded(error: unknown): void {
    this.#serving.crowded(translateConnectError(error, false));
  }
}
