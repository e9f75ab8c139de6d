import { z } from 'zod';

/** What a service depends on, and how that does, as whoever reaches the service may know it. */
export const dependency = z.strictObject({
  /** `store`, `redis`, `jobs`, `coordinators`, and what the system gives: `files`, `memory`. */
  name: z.string(),
  /** One word. */
  state: z.string(),
  ok: z.boolean(),
  /** Since when it is in this state, unix milliseconds. */
  sinceMs: z.number(),
  /** Why it is not well, a code or a reason of docs/errors.md; null if all is well, or nothing more is known. */
  reason: z.string().nullable(),
});

/** The same with what was last said against it, in its own words: they may name users and hosts. */
export const dependencyWithWords = dependency.extend({ words: z.string().nullable() });

export type Dependency = Readonly<z.infer<typeof dependencyWithWords>>;
