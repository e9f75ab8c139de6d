import type { WorkerAnswers } from '@leafcutter/agent/seat';

/** The variable that tells a child process which worker it is. */
export const WORKER_VARIABLE = 'LEAFCUTTER_WORKER';

/** How long a worker may take to answer, in milliseconds: half of what a probe usually waits. */
export const TELL_WITHIN_MS = 500;

export type What = keyof WorkerAnswers;

/** What supervisor and workers say to each other; `id` joins an answer to its question. */
export type FromWorker =
  | { readonly ask: What; readonly id: number }
  | { readonly told: unknown; readonly id: number };
/** A worker sends each beat back. */
interface Beat {
  readonly beat: true;
}
export type ToSupervisor = FromWorker | Beat;
export type ToWorker =
  | Beat
  | { readonly tell: What; readonly id: number }
  | { readonly answer: readonly unknown[]; readonly id: number };
