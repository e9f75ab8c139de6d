import { Circuit } from '@leafcutter/agent/coordinators/circuit';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { fromProblem, toProblem } from '@leafcutter/shared/problem';
import type { Evidence } from '../evidence.ts';
import { type Network, NoAnswerError } from '../machine/network.ts';
import type { Process } from '../machine/process.ts';
import { answer } from './coordinator-door.ts';
import type { SimulatedCoordinator } from './simulated-coordinator.ts';

/** As `coordinator-endpoint.ts`. */
const FAILURES_TO_OPEN = 3;
const PROBE_MS = 1_000;
/** As `coordinatorTimeoutMs`. */
const TIMEOUT_MS = 2_000;

/**
 * One coordinator as an agent reaches it: `CoordinatorEndpoint` on the simulated network, with the real circuit
 * breaker and problem documents for errors.
 */
export class SimulatedEndpoint {
  readonly #process: Process;
  readonly #network: Network;
  readonly #evidence: Evidence;
  /** The coordinator that runs at this address now; another process after a restart. */
  readonly #coordinator: () => SimulatedCoordinator;
  readonly #circuit: Circuit;

  constructor(parts: {
    process: Process;
    network: Network;
    evidence: Evidence;
    coordinator: () => SimulatedCoordinator;
  }) {
    this.#process = parts.process;
    this.#network = parts.network;
    this.#evidence = parts.evidence;
    this.#coordinator = parts.coordinator;
    this.#circuit = new Circuit(parts.process.clock, FAILURES_TO_OPEN, PROBE_MS);
  }

  async post(path: string, body: () => object): Promise<unknown> {
    if (!this.#circuit.tryPass()) throw unavailable('circuit_open');
    const coordinator = this.#coordinator();
    const sent = body();
    try {
      const result = await this.#network.call(
        this.#process,
        coordinator.process,
        () => answer(coordinator, this.#evidence, path, sent),
        { timeoutMs: TIMEOUT_MS, mayArriveTwice: true },
      );
      this.#circuit.succeeded();
      return result;
    } catch (error) {
      if (error instanceof NoAnswerError) {
        this.#circuit.failed();
        throw unavailable('no_answer', error);
      }
      this.#circuit.succeeded();
      const problem = toProblem(error);
      if (problem.code === 'INTERNAL') this.#evidence.violated('I4', `${path}: ${String(error)}`);
      throw fromProblem(problem);
    }
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}

function unavailable(reason: string, cause?: unknown): LeafcutterError {
  return new LeafcutterError('COORDINATOR_UNAVAILABLE', 'The coordinator does not answer.', {
    reason,
    cause,
  });
}
