import { EventStreams } from '@leafcutter/shared/http/event-stream';
import type { Request, Response } from 'express';
import type { Agent } from '../../agent.ts';
import { wholeStatus } from '../../whole.ts';

const INTERVAL_MS = 1_000;
/** Listeners of one agent; each costs a status a second. */
const MAX_LISTENERS = 32;
const streams = new WeakMap<Agent, EventStreams>();

/** `GET /v1/events`: the status, now and every second, until the client goes away or `guard` does not let it stay. */
export function sendEvents(
  agent: Agent,
  req: Request,
  res: Response,
  guard: (request: Request) => void,
): void {
  const open = streams.get(agent) ?? new EventStreams(MAX_LISTENERS);
  streams.set(agent, open);
  const send = open.open(res, () => guard(req));
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
