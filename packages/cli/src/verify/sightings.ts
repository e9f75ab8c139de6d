/** An instance was certainly at this address from the first to the second moment. */
interface Sighting {
  readonly instanceId: string;
  readonly fromNs: number;
  toNs: number;
}

/**
 * Tells which process answered a call, by asking now and then which instance is there. A process runs once and never
 * comes back. So it answered every call that left after one sighting of it and was answered before another one.
 * Around a restart nobody can know, and nothing is claimed. The same holds if an instance does come back: then
 * several answer at this address, through a load balancer.
 */
export class Sightings {
  readonly #sightings = new Map<string, Sighting[]>();
  readonly #balanced = new Set<string>();

  /** The instance said that it is at `agent`; it was asked and answered at these moments. Call it in order. */
  saw(agent: string, instanceId: string, askedNs: number, answeredNs: number): void {
    const sightings = this.#sightings.get(agent) ?? [];
    this.#sightings.set(agent, sightings);
    const last = sightings.at(-1);
    if (last !== undefined && last.instanceId !== instanceId) {
      if (sightings.some((sighting) => sighting.instanceId === instanceId)) this.#balanced.add(agent);
    }
    if (last?.instanceId === instanceId) last.toNs = askedNs;
    else sightings.push({ instanceId, fromNs: answeredNs, toNs: answeredNs });
  }

  /** The instance that answered a call that left and came back at these moments; undefined if that is not certain. */
  instanceAt(agent: string, invokedNs: number, completedNs: number): string | undefined {
    if (this.#balanced.has(agent)) return undefined;
    const sightings = this.#sightings.get(agent) ?? [];
    return sightings.find(({ fromNs, toNs }) => fromNs <= invokedNs && completedNs <= toNs)?.instanceId;
  }

  /** How many instances were seen. */
  get instances(): number {
    return new Set([...this.#sightings.values()].flat().map(({ instanceId }) => instanceId)).size;
  }
}
