/** The label that everything past the bound shares. */
export const OTHER_LABEL = '_other';

/** Names that may become label values, at most `max` of them: without a bound they would flood Prometheus. */
export class BoundedLabels {
  readonly #max: number;
  readonly #shown = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** `name` itself for the first `max` names that come, `OTHER_LABEL` for the rest. */
  labelOf(name: string): string {
    if (this.#shown.has(name)) return name;
    if (this.#shown.size >= this.#max) return OTHER_LABEL;
    this.#shown.add(name);
    return name;
  }
}
