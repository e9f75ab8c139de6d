import { linkTo } from '../route.ts';

/** Entries of the ledger that no agent asked for, such as (lost), have names in parentheses. */
export function AgentName({ agentId }: { agentId: string }) {
  return agentId.startsWith('(') ? <span>{agentId}</span> : <a href={linkTo('agents', agentId)}>{agentId}</a>;
}
