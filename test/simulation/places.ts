import type { Host } from './machine/host.ts';
import type { Callers } from './services/callers.ts';
import type { SimulatedAgent } from './services/simulated-agent.ts';
import type { SimulatedCoordinator } from './services/simulated-coordinator.ts';

/** A host on which a service runs, is killed, and is started again as another process. */
abstract class Place<Service extends { readonly process: SimulatedAgent['process'] }> {
  readonly host: Host;
  #service: Service;
  readonly #launch: (before: Service | undefined) => Service;

  constructor(host: Host, launch: (before: Service | undefined) => Service) {
    this.host = host;
    this.#launch = launch;
    this.#service = launch(undefined);
  }

  /** What runs here, or ran here last. */
  get service(): Service {
    return this.#service;
  }

  get process(): SimulatedAgent['process'] {
    return this.#service.process;
  }

  kill(): void {
    this.process.kill();
  }

  /** Starts the service again if it was killed. */
  start(): void {
    if (!this.process.alive) this.#service = this.#launch(this.#service);
  }
}

export class CoordinatorPlace extends Place<SimulatedCoordinator> {}

/** An agent with the applications beside it. */
export class AgentPlace extends Place<SimulatedAgent & { readonly callers: Callers }> {}
