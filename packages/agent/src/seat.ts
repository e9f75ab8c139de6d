import type { AgentStatus } from '@leafcutter/shared/wire';
import type { WorkerMetrics } from './metrics/metrics.ts';

/** Whether a mode can serve, and in one word why not. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason?: string;
}

/** What the workers of one service know together, each a part of it. */
export interface WorkerAnswers {
  readonly metrics: WorkerMetrics;
  readonly status: AgentStatus;
  readonly 'ready:segment': Readiness;
  readonly 'ready:snowflake': Readiness;
}

/** How a worker makes its parts. */
export type AnswerMakers = {
  readonly [What in keyof WorkerAnswers]: () => WorkerAnswers[What] | Promise<WorkerAnswers[What]>;
};

/**
 * The place of an agent among the workers of one service: processes behind one port, each an agent of its own. Whichever
 * of them a connection reaches, it answers for all where the question is about the whole.
 */
export interface Seat {
  /** 1 for the first, who alone has what cannot be shared: Unix sockets and the gRPC doors. */
  readonly number: number;
  /** Makes this worker's parts known to the others. */
  offer(makers: AnswerMakers): void;
  /** A part of every worker, this one too; of one that does not answer in time there is none. */
  gather<What extends keyof WorkerAnswers>(what: What): Promise<WorkerAnswers[What][]>;
}
