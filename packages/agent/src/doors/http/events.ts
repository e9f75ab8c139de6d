import { EventStreams } from '@leafcutter/shared/http/event-stream';
import type { Response } from 'express';
import type { Agent } from '../../agent.ts';
import { wholeStatus } from '../../whole.ts';

const INTERVAL_MS = 1_000;
/** Listeners of one agent; each costs a status a second. */
const MAX_LISTENERS = 32;
const streams = new WeakMap<Agent, EventStreams>();

/** `GET /v1/events`: the status as a server-sent event, now and every second, until the client goes away. */
export function sendEvents(agent: Agent, res: Response): void {
  const open = streams.get(agent) ?? new EventStreams(MAX_LISTENERS);
  streams.set(agent, open);
  const send = open.open(res);
  const tell = async () => {
    const status = JSON.stringify(await wholeStatus(agent));
    // The listener may have gone while the workers were asked.
    if (!res.destroyed) send('status', status);
    if (agent.stopping) open.endAll();
  };
  const timer = setInterval(() => void tell(), INTERVAL_MS);
  res.once('close', () => clearInterval(timer));
  void tell();
}
