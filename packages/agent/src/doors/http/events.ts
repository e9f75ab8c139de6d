import { LeafcutterError } from '@leafcutter/shared/errors';
import type { Response } from 'express';
import type { Agent } from '../../agent.ts';
import { agentStatus } from '../../status.ts';

const INTERVAL_MS = 1_000;
/** Listeners of one agent; each costs a status a second. */
const MAX_LISTENERS = 32;
const listeners = new WeakMap<Agent, Set<Response>>();

/** `GET /v1/events`: the status as a server-sent event, now and every second, until the client goes away. */
export function sendEvents(agent: Agent, res: Response): void {
  const open = listeners.get(agent) ?? new Set();
  listeners.set(agent, open);
  if (open.size >= MAX_LISTENERS) {
    throw new LeafcutterError('RATE_LIMITED', `This agent has ${MAX_LISTENERS} listeners already.`);
  }
  open.add(res);
  res.setHeader('Content-Type', 'text/event-stream');
  const send = () => {
    // A client that does not read gets no more until it has: the newest status is all that counts.
    if (!res.writableNeedDrain) res.write(`event: status\ndata: ${JSON.stringify(agentStatus(agent))}\n\n`);
    if (!agent.stopping) return;
    // A slow reader may keep the answer open for a while, and writing after the end would be an error.
    clearInterval(timer);
    res.end();
  };
  const timer = setInterval(send, INTERVAL_MS);
  send();
  res.once('close', () => {
    clearInterval(timer);
    open.delete(res);
  });
}
