import { templateOf } from '@leafcutter/shared/dated';
import type { Scope } from '@leafcutter/shared/http/tokens';
import type { WholeAgentStatus } from '@leafcutter/shared/whole-status';
import type { AgentStatus } from '@leafcutter/shared/wire';

/**
 * The tags in memory that a token with `scope` may see: those that it opens. A template includes the tags of its
 * days.
 */
export function tagsInScope<T extends { readonly tag: string }>(tags: readonly T[], scope: Scope): T[] {
  return tags.filter(({ tag }) => {
    const template = templateOf(tag)?.template;
    return scope.allowsTag(tag) || (template !== undefined && scope.allowsTag(template));
  });
}

/** A status without what the token does not open, for all workers. */
export function statusInScope({ workers, ...own }: WholeAgentStatus, scope: Scope): WholeAgentStatus {
  const part = (status: AgentStatus): AgentStatus => ({
    ...status,
    tags: tagsInScope(status.tags, scope),
    snowflake: scope.allowsSnowflake ? status.snowflake : null,
  });
  return { ...part(own), ...(workers === undefined ? {} : { workers: workers.map(part) }) };
}
