import { askableTag, textLike } from '@leafcutter/shared/http/parameter';
import { badParameter } from '@leafcutter/shared/http/query';
import { decode } from '@leafcutter/shared/layout';
import { ASKABLE_TAG } from '@leafcutter/shared/tag';
import { id } from '@leafcutter/shared/wire';
import { z } from 'zod';
import type { Agent } from '../../agent.ts';
import { endpoint } from '../endpoint.ts';
import { written } from './ids.ts';

const partsOfSnowflake = z.strictObject({
  id: z.string(),
  timestampMs: z.int(),
  time: z.iso.datetime(),
  machineId: z.int(),
  datacenter: z.int().optional(),
  sequence: z.int(),
});
const numberOfText = z.strictObject({
  id: written,
  tag: z.string().regex(ASKABLE_TAG),
  number: id,
  shape: z.string().nullable(),
});

export const DECODE_ENDPOINTS = [
  endpoint({
    at: 'GET /v1/decode/{id}',
    access: 'decoded',
    summary: "The parts of a snowflake ID in this deployment's layout; with a tag, the number behind its ID.",
    variants: { '?tag=orders': 'the number behind an ID of the tag, in the form in which the tag writes it' },
    path: { id: textLike(written) },
    query: { tag: askableTag },
    answer: z.union([partsOfSnowflake, numberOfText]),
    errors: [
      'TAG_UNKNOWN',
      'VERSION_UNSUPPORTED',
      'RATE_LIMITED',
      'COORDINATOR_UNAVAILABLE',
      'STORE_UNAVAILABLE',
    ],
    limits: {
      howOften: '16 at once (`MAX_UNDER_WAY`)',
      howLarge: 'one ID',
      makes: 'none',
      howLong: '`coordinatorTimeoutMs`',
    },
    async handle({ agent }, { path: { id: text }, query: { tag } }) {
      if (tag === undefined) return decodeSnowflake(agent, text);
      const { tag: writer, number, shape = null } = await agent.reader.read(tag, text);
      return { id: text, tag: writer, number, shape };
    },
  }),
];

function decodeSnowflake(agent: Agent, text: string): z.output<typeof partsOfSnowflake> {
  if (!/^[0-9]{1,19}$/.test(text))
    throw badParameter(
      'id',
      'must be a snowflake ID in decimal digits, or with ?tag= an ID as that tag writes it',
    );
  const { timestampMs, machineId, sequence } = decode(agent.layout, BigInt(text));
  const { datacenterBits, machineIdBits } = agent.layout;
  return {
    id: text,
    timestampMs,
    time: new Date(timestampMs).toISOString(),
    machineId,
    ...(datacenterBits === 0 ? {} : { datacenter: machineId >> (machineIdBits - datacenterBits) }),
    sequence,
  };
}
