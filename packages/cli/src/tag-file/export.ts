import type { TagView } from '@leafcutter/shared/wire';
import { yamlText } from '@leafcutter/shared/yaml';
import type { Io } from '../io.ts';
import { jsonText } from '../json-text.ts';
import { existingTags, type TagClient } from './apply.ts';
import { isDay, roomOf } from './plan.ts';
import { MAX_TAGS } from './tag-file.ts';

const HEAD =
  '# For "leafcutter tag apply -f". Counters are not in here: this is no backup. What a tag leaves to the deployment\n# is missing, and so are retired tags and the days of dated ones.\n';

/** `leafcutter tag export`: writes the active tags as a file that `tag apply` takes. */
export async function exportTags(client: TagClient, json: boolean, io: Io): Promise<void> {
  const existing = await existingTags(client);
  const tags = [...existing.values()]
    .filter((tag) => tag.state === 'active' && !isDay(tag, existing))
    .map(entryOf);
  io.out(json ? jsonText({ tags }) : HEAD + yamlText({ tags }));
  if (tags.length > MAX_TAGS)
    io.err(`There are ${tags.length} tags, but one apply takes at most ${MAX_TAGS}.\n`);
}

function entryOf(tag: TagView): object {
  const isOwn = (field: string) => !tag.defaults.includes(field);
  return {
    tag: tag.tag,
    step: tag.step,
    ...(isOwn('maxStep') && { maxStep: tag.maxStep }),
    ...(isOwn('targetDurationS') && { targetDurationS: tag.targetDurationS }),
    ...(isOwn('highestId') && tag.highestId !== roomOf(tag.shape) && { highestId: tag.highestId }),
    ...(tag.description !== null && { description: tag.description }),
    ...(tag.shape !== null && { shape: tag.shape }),
  };
}
