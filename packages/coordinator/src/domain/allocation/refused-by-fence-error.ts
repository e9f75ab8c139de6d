/** Fences refused some ranges of a transaction, so none of its fences moved. It must be rolled back. */
export class RefusedByFenceError extends Error {
  override readonly name = 'RefusedByFenceError';
  /** Why, by counter. */
  readonly refusals: ReadonlyMap<string, { readonly refusal: unknown }>;

  constructor(refusals: ReadonlyMap<string, { readonly refusal: unknown }>) {
    super(`fences refused the ranges of ${refusals.size} counters`);
    this.refusals = refusals;
  }
}
