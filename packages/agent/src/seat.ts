import type { WorkerMetrics } from '@leafcutter/shared/metric-set';
import type { AgentStatus } from '@leafcutter/shared/wire';

/** Whether a mode can serve and, if not, why in one word. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason?: string;
}

/** What each worker of a service answers about itself, by question. */
export interface WorkerAnswers {
  readonly metrics: WorkerMetrics;
  readonly status: AgentStatus;
  readonly 'ready:segment': Readiness;
  readonly 'ready:snowflake': Readiness;
}

/** How a worker makes its answers. */
export type AnswerMakers = {
  readonly [What in keyof WorkerAnswers]: () => WorkerAnswers[What] | Promise<WorkerAnswers[What]>;
};

/**
 * The place of an agent among the workers of one service: processes behind one port, each an agent of its own. A
 * connection may reach any of them, and that one answers questions about the whole service.
 */
export interface Seat {
  /** 1 for the first worker, which alone has what cannot be shared: Unix sockets and the gRPC doors. */
  readonly number: number;
  /** Lets the others ask for this worker's answers. */
  offer(makers: AnswerMakers): void;
  /** The answers of all workers, including this one. A worker that does not answer in time is missing. */
  gather<What extends keyof WorkerAnswers>(what: What): Promise<WorkerAnswers[What][]>;
}
