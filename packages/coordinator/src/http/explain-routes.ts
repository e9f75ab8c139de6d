import { badParameter, readQuery } from '@leafcutter/shared/http/query';
import { HIGHEST_ID, isAskableTag } from '@leafcutter/shared/tag';
import type { Request, Response } from 'express';
import { decimalId } from '../domain/ledger/explain.ts';
import type { Coordinator } from './coordinator.ts';

/** `GET /v1/explain/{id}`, with `?tag=` or `?mode=snowflake` where it is known what the ID is. */
export async function explainId({ explainer }: Coordinator, req: Request, res: Response): Promise<void> {
  const { tag, mode } = readQuery(req, ['tag', 'mode']);
  if (mode !== undefined && mode !== 'snowflake') throw badParameter('mode', 'takes snowflake');
  if (mode !== undefined && tag !== undefined) throw badParameter('mode', 'and tag exclude each other');
  if (mode === 'snowflake') res.json(await explainer.asSnowflake(idOf(req)));
  else if (tag === undefined) res.json(await explainer.anything(idOf(req)));
  else res.json(await explainer.inTag(askable(tag), String(req.params.id)));
}

/** `GET /v1/explain/{tag}/{id}`; a tag that is named "snowflake" is asked for with `?tag=`. */
export async function explainInTag({ explainer }: Coordinator, req: Request, res: Response): Promise<void> {
  res.json(await explainer.inTag(askable(String(req.params.tag)), String(req.params.id)));
}

/** `GET /v1/explain/snowflake/{id}`. */
export async function explainSnowflake(
  { explainer }: Coordinator,
  req: Request,
  res: Response,
): Promise<void> {
  res.json(await explainer.asSnowflake(idOf(req)));
}

function idOf(req: Request): bigint {
  const id = decimalId(String(req.params.id));
  if (id !== undefined) return id;
  throw badParameter('id', `takes an ID in decimal digits, up to ${HIGHEST_ID}`);
}

function askable(tag: string): string {
  if (isAskableTag(tag)) return tag;
  throw badParameter('tag', 'takes the name of a tag');
}
