import { hasCode } from '@leafcutter/shared/errors';
import { askableTag } from '@leafcutter/shared/http/parameter';
import { NEW_TAG_PATTERN } from '@leafcutter/shared/tag';
import { called } from '@leafcutter/shared/tracing';
import {
  createTagRequest,
  decodeAnswer,
  decodeRequest,
  segmentAnswer,
  segmentRequest,
} from '@leafcutter/shared/wire';
import { agentActor } from '../../domain/trail/trail.ts';
import { originOf } from '../author.ts';
import { endpoint, GRANT_ERRORS } from '../endpoint.ts';

/** What agents ask about tags. */
export const SEGMENT_ENDPOINTS = [
  endpoint({
    at: 'POST /v1/tags/{tag}/segments',
    access: 'segments',
    summary: 'Grants an agent a segment.',
    path: { tag: askableTag },
    body: segmentRequest,
    answer: segmentAnswer,
    errors: [...GRANT_ERRORS, 'TAG_UNKNOWN', 'TAG_EXHAUSTED', 'TAG_RETIRED'],
    limits: {
      howOften: 'pace of segments; `segment.maxQueuedPerTag` in line',
      howLarge: '`bodyLimitBytes`',
      makes: 'a tag, with `autoCreateTags`; a row of the ledger each',
      howLong: '`requestDeadlineMs`',
    },
    async handle({ coordinator }, { path: { tag }, body }, { request }) {
      const { agentId, instanceId, agentTimeMs, ...demand } = body;
      coordinator.paces.check('segments', agentId);
      const holder = { agentId, instanceId };
      const take = async () => {
        await coordinator.dated.prepare(tag, agentTimeMs);
        return coordinator.segments.grant(tag, holder, demand);
      };
      const about = { 'leafcutter.tag': tag, 'leafcutter.agent_id': agentId };
      const { start, end, shape } = await called(request.headers, 'refill', about, () =>
        take().catch(async (error: unknown) => {
          coordinator.watch.refused(tag, agentId, error);
          const mayCreate = coordinator.config.autoCreateTags && NEW_TAG_PATTERN.test(tag);
          if (!mayCreate || !hasCode(error, 'TAG_UNKNOWN')) throw error;
          const { coordinatorId } = coordinator;
          const author = { actor: agentActor(agentId), origin: originOf(request), coordinatorId };
          await coordinator.tags.create(createTagRequest.parse({ tag }), author).catch((failure: unknown) => {
            if (!hasCode(failure, 'TAG_EXISTS')) throw failure;
          });
          return take();
        }),
      );
      const { deploymentId } = coordinator;
      return { deploymentId, tag, start: String(start), end: String(end), shape };
    },
  }),
  endpoint({
    at: 'POST /v1/tags/{tag}/decode',
    access: 'reads',
    summary: 'Tells an agent the number behind an ID of a tag.',
    path: { tag: askableTag },
    body: decodeRequest,
    answer: decodeAnswer,
    errors: ['TAG_UNKNOWN', 'VERSION_UNSUPPORTED', 'RATE_LIMITED', 'STORE_UNAVAILABLE'],
    limits: {
      howOften: 'pace of reads',
      howLarge: '`bodyLimitBytes`',
      makes: 'none',
      howLong: "the stores' timeouts",
    },
    async handle({ coordinator }, { path: { tag }, body: { agentId, id } }) {
      coordinator.paces.check('reads', agentId);
      const { number, ...decoded } = await coordinator.explainer.decode(tag, id);
      return { deploymentId: coordinator.deploymentId, ...decoded, number: String(number) };
    },
  }),
];
