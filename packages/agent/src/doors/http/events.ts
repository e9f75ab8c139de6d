import { EventStreams } from '@leafcutter/shared/http/event-stream';
import { Scope } from '@leafcutter/shared/http/tokens';
import type { Request, Response } from 'express';
import { statusInScope } from '../../status/in-scope.ts';
import { wholeStatus } from '../../status/whole.ts';
import type { Agent } from '../agent.ts';

const INTERVAL_MS = 1_000;
/** Listeners of one agent; each costs a status a second. */
const MAX_LISTENERS = 32;
const streams = new WeakMap<Agent, EventStreams>();

/**
 * `GET /v1/events`: the part of the status that `scopeOf` the request opens, now and every second, until the client
 * goes away or its token is no longer valid.
 */
export function sendEvents(
  agent: Agent,
  req: Request,
  res: Response,
  scopeOf: (request: Request) => Scope,
): void {
  const open = streams.get(agent) ?? new EventStreams(MAX_LISTENERS);
  streams.set(agent, open);
  const send = open.open(res, () => void scopeOf(req));
  const tell = async () => {
    const status = await wholeStatus(agent);
    // While the workers were asked, the listener may have gone, or its token may have become invalid.
    if (!res.destroyed)
      send(
        'status',
        JSON.stringify(
          statusInScope(
            status,
            admitted(() => scopeOf(req)),
          ),
        ),
      );
    if (agent.stopping) open.endAll();
  };
  const timer = setInterval(() => void tell(), INTERVAL_MS);
  res.once('close', () => clearInterval(timer));
  void tell();
}

/** A listener that is no longer admitted sees nothing, and `send` ends the stream. */
function admitted(scope: () => Scope): Scope {
  try {
    return scope();
  } catch {
    return Scope.none;
  }
}
