/** A counter's ranges: where each begins and ends, in the order of the grants. */
interface Ranges {
  readonly starts: number[];
  readonly ends: number[];
}

/** From the first to the last of what a deployment granted of a counter. */
export interface Extent {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Everything that the agents of one deployment were granted: no number of a tag and no millisecond of a machine id twice. */
export class GrantCheck {
  readonly #ranges = new Map<string, Ranges>();
  granted = 0;

  segment(tag: string, start: number, end: number): void {
    this.#note(`tag ${tag}`, start, end);
  }

  window(machineId: number, from: number, to: number): void {
    this.#note(`machine id ${machineId}`, from, to);
  }

  /** Those that begin before one of the same counter ends. */
  duplicates(): string[] {
    return [...this.#ranges].flatMap(([name, { starts, ends }]) =>
      overlapping([...starts.keys()].map((n) => ({ name, start: starts[n] ?? 0, end: ends[n] ?? 0 }))),
    );
  }

  extents(): Extent[] {
    return [...this.#ranges].map(([name, { starts, ends }]) => ({
      name,
      start: starts.reduce((a, b) => Math.min(a, b)),
      end: ends.reduce((a, b) => Math.max(a, b)),
    }));
  }

  #note(name: string, start: number, end: number): void {
    const ranges = this.#ranges.get(name) ?? { starts: [], ends: [] };
    this.#ranges.set(name, ranges);
    ranges.starts.push(start);
    ranges.ends.push(end);
    this.granted += 1;
  }
}

/** Numbers and machine ids are split over deployments: no two may have had the same of a counter. */
export function sharedBy(deployments: readonly (readonly Extent[])[]): string[] {
  const byName = Map.groupBy(deployments.flat(), ({ name }) => name);
  return [...byName.values()].flatMap(overlapping);
}

function overlapping(ranges: readonly Extent[]): string[] {
  const found: string[] = [];
  let reached = Number.NEGATIVE_INFINITY;
  for (const { name, start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (start < reached) found.push(`${name} from ${start}`);
    reached = Math.max(reached, end);
  }
  return found;
}
