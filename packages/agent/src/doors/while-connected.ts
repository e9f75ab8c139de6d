import type { Response } from 'express';

/** Ends a wait when the caller hangs up, so that no ID is taken for nobody. */
export function whileConnected(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => controller.abort());
  return controller.signal;
}
