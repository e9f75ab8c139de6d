import { wholeAgentStatus } from '@leafcutter/shared/whole-status';
import { statusInScope } from '../../../status/in-scope.ts';
import { wholeStatus } from '../../../status/whole.ts';
import { endpoint, OF_STATUS } from '../endpoint.ts';
import { sendEvents } from '../events.ts';

export const STATUS_ENDPOINTS = [
  endpoint({
    at: 'GET /v1/status',
    access: 'any',
    summary: 'What the agent holds, as far as the token gives access.',
    answer: wholeAgentStatus,
    limits: OF_STATUS,
    handle: async ({ agent, guards }, _asked, { request }) =>
      statusInScope(await wholeStatus(agent), guards.scope(request)),
  }),
  endpoint({
    at: 'GET /v1/events',
    access: 'any',
    summary: 'The same, as a stream of server-sent events.',
    events: { status: wholeAgentStatus },
    errors: ['RATE_LIMITED'],
    limits: {
      howOften: '32 listeners (`MAX_LISTENERS`)',
      howLarge: 'the status, each second',
      makes: 'none',
      howLong: 'until the listener goes; its token is asked with each event',
    },
    handle: ({ agent, guards }, _asked, { request, response }) =>
      sendEvents(agent, request, response, guards.scope),
  }),
];
