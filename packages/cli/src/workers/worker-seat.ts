import type { AnswerMakers, Seat, WorkerAnswers } from '@leafcutter/agent/seat';
import type { Parent } from '../io.ts';
import { TELL_WITHIN_MS, type ToSupervisor, type ToWorker, type What } from './messages.ts';

/** A worker's seat: it asks its supervisor, which asks all workers. */
export function workerSeat(number: number, parent: Parent): Seat {
  const open = new Map<number, (values: readonly unknown[]) => void>();
  let makers: AnswerMakers | undefined;
  let nextId = 1;
  const send = (message: ToSupervisor) => parent.send(message);
  const tell = async (what: What, id: number) => {
    if (makers !== undefined) send({ told: await makers[what](), id });
  };
  parent.onMessage((message) => {
    const said = message as ToWorker;
    if ('beat' in said) send(said);
    else if ('tell' in said) void tell(said.tell, said.id);
    else open.get(said.id)?.(said.answer);
  });
  return {
    number,
    offer(given) {
      makers = given;
    },
    gather<K extends What>(what: K): Promise<WorkerAnswers[K][]> {
      const id = nextId++;
      return new Promise((resolve) => {
        const settle = (values: readonly unknown[]) => {
          clearTimeout(timer);
          open.delete(id);
          resolve(values as WorkerAnswers[K][]);
        };
        // The supervisor waits for its workers only once; after that it is gone.
        const timer = setTimeout(() => settle([]), 2 * TELL_WITHIN_MS);
        open.set(id, settle);
        send({ ask: what, id });
      });
    },
  };
}
