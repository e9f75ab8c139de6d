import type { Request } from 'express';
import type { Author } from '../domain/trail/trail.ts';
import type { Coordinator } from './coordinator.ts';

/** Who asks as an admin, and from where, for the trail. Behind a proxy the address is the proxy's. */
export function authorOf({ access, coordinatorId }: Coordinator, request: Request): Author {
  return { actor: access.adminName(request), origin: originOf(request), coordinatorId };
}

export function originOf({ socket }: Pick<Request, 'socket'>): string {
  // Node writes IPv4 this way if the server listens for both.
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=[0-9.]+$)/, '');
}
