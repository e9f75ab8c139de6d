import { jobList } from '@leafcutter/shared/inspection';
import { endpoint, FOR_VIEWERS } from '../endpoint.ts';

export const JOB_ENDPOINTS = [
  endpoint({
    at: 'GET /v1/jobs',
    access: 'viewer',
    summary: 'The background jobs and the result of the last run of each, on any coordinator.',
    query: {},
    answer: jobList,
    errors: ['STORE_UNAVAILABLE'],
    limits: { ...FOR_VIEWERS, howLarge: 'the jobs', howLong: '`redis.commandTimeoutMs`' },
    async handle({ coordinator: { jobs, journal, jobWatch } }) {
      const runs = new Map((await journal.read()).map(({ job, ...run }) => [job, run]));
      return {
        jobs: jobs.map(({ name, everyMs }) => ({
          job: name,
          everyMs,
          late: jobWatch.isLate(name),
          lastRun: runs.get(name) ?? null,
        })),
      };
    },
  }),
];
