import { badParameter } from '@leafcutter/shared/http/query';
import { isAskableTag } from '@leafcutter/shared/tag';
import type { Request } from 'express';

/** The tag in the path; whether it exists is the store's to say. @throws BAD_REQUEST */
export function tagOf(req: Request): string {
  const tag = String(req.params.tag);
  if (!isAskableTag(tag))
    throw badParameter('tag', 'takes 1 to 128 characters, none of them a control character');
  return tag;
}
