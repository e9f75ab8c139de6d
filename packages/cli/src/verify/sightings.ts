/** An instance was at this address for certain from the first to the second moment. */
interface Sighting {
  readonly instanceId: string;
  readonly fromNs: number;
  toNs: number;
}

/**
 * Which process answered a call, told from asking now and then who is there. A process runs once and never comes back,
 * so a call that left after one sighting of an instance and was answered before another one was answered by it.
 * Around a restart nobody can say, and nothing is claimed; nor where an instance does come back: then several answer at
 * this address, through a load balancer.
 */
export class Sightings {
  readonly #sightings = new Map<string, Sighting[]>();
  readonly #balanced = new Set<string>();

  /** The instance said that it is at `agent`; it was asked and it answered at these moments. One after the other. */
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

  /** The instance that answered what left and came back at these moments; undefined where that is not certain. */
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
