import { Pace } from '@leafcutter/shared/http/pace';

/** What agents ask for. Each kind has a pace of its own, so that none delays the others. */
const KINDS = ['segments', 'leases', 'reads', 'reports'] as const;
type Kind = (typeof KINDS)[number];

/** A pace for each kind of request. */
export class Paces<Asker> {
  readonly #of: Readonly<Record<Kind, Pace<Asker>>>;

  constructor(...pace: ConstructorParameters<typeof Pace<Asker>>) {
    const entries = KINDS.map((kind) => [kind, new Pace<Asker>(...pace)] as const);
    this.#of = Object.fromEntries(entries) as Record<Kind, Pace<Asker>>;
  }

  change(perSecond: number): void {
    for (const kind of KINDS) this.#of[kind].change(perSecond);
  }

  /** @throws RATE_LIMITED, with the time after which the next request of this kind may come */
  check(kind: Kind, asker: Asker): void {
    this.#of[kind].check(asker);
  }
}
