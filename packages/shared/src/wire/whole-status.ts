import { z } from 'zod';
import { agentStatus } from './wire.ts';

/** What `/v1/status` of an agent shows. */
export const wholeAgentStatus = agentStatus.extend({
  /** All workers of the service, where there are several; what stands above is that of the one that answers. */
  workers: z.array(agentStatus).optional(),
});
export type WholeAgentStatus = z.infer<typeof wholeAgentStatus>;
