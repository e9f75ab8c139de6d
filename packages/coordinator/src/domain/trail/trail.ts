/** What somebody can do that the trail keeps. */
export const TRAIL_ACTIONS = [
  'tag.create',
  'tag.change',
  'tag.retire',
  'tag.lower',
  'settings.reload',
] as const;
export type TrailAction = (typeof TRAIL_ACTIONS)[number];

/** Who changes something, as the trail names them. Nothing in it is a secret. */
export interface Author {
  /** The name of a token, or one of the texts in brackets below, which no token can have as its name. */
  readonly actor: string;
  /** The address that the request came from; empty if there was no request. */
  readonly origin: string;
  readonly coordinatorId: string;
}

/** Actors that have no name. */
export const ACTORS = {
  /** A token without a name. */
  unnamed: '(unnamed)',
  /** There are no admin tokens: anyone who reaches the port. */
  anyone: '(anyone)',
  /** The configuration that a coordinator reads again. */
  configuration: '(configuration)',
  /** What one store learnt from the other. */
  sweep: '(sweep)',
  /** This program, on nobody's behalf. */
  program: '(program)',
} as const;

/** Whoever made a change, if the caller does not say. */
export const PROGRAM: Author = { actor: ACTORS.program, origin: '', coordinatorId: '' };

/** An agent whose asking made a tag. A token's name holds no colon. */
export function agentActor(agentId: string): string {
  return `agent:${agentId}`.slice(0, 200);
}

/** Values by field; a number that may be beyond 2^53 is a text, and null is what is not set. */
export type TrailValues = Readonly<Record<string, string | number | null>>;

/** One change. */
export interface TrailEntry extends Author {
  readonly action: TrailAction;
  /** The tag; empty if it is not about one. */
  readonly subject: string;
  /** Of a change, only what changed; null if there was nothing before. */
  readonly before: TrailValues | null;
  readonly after: TrailValues | null;
}

export interface TrailRecord extends TrailEntry {
  readonly id: bigint;
  /** By the database's clock. */
  readonly atMs: number;
}

/** A page of the trail: newest first, older than `after`, of one tag or one actor if they are given. */
export interface TrailQuery {
  readonly tag?: string | undefined;
  readonly actor?: string | undefined;
  readonly after?: Pick<TrailRecord, 'id' | 'atMs'> | undefined;
  readonly limit: number;
}
