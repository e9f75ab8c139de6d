import { z } from 'zod';
import { agentStatus } from './wire.ts';

/** What `/v1/status` of an agent shows. */
export const wholeAgentStatus = agentStatus.extend({
  /** All workers of the service, if there are several. The fields above are those of the worker that answers. */
  workers: z.array(agentStatus).optional(),
});
export type WholeAgentStatus = z.infer<typeof wholeAgentStatus>;
