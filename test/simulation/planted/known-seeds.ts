/**
 * A seed that showed each planted bug when it was last hunted, by the bug's name. It is tried first, so that a run
 * need not hunt from 1. If the simulation has changed and the seed no longer shows the bug, the hunt goes on and
 * prints one that does.
 */
export const KNOWN_SEEDS: Readonly<Record<string, number>> = {
  'no fence': 8,
  'a fence that takes no answer for agreement': 1,
  'any Redis is as good as the own': 4,
  'a COMMIT without an answer is taken for done': 15,
  'no row lock, only the lock in Redis that expires': 9,
  'in doubt, the last range once more': 1,
  'a sweep that raises no fence': 1,
  'a sweep that mends nothing': 1,
  'a sweep that mends only what it was told is committed': 2,
  'a sweep that asks the database alone': 1,
  'a sweep that asks the fence alone': 1,
  'a sweep that goes on although another database answers': 149,
  'unfenced although unswept': 2,
  'lowering does not ask the fence': 6,
  'an extension although another end is held': 10,
  'a lease on the word of the registry alone': 1,
  "a ceiling from the agent's clock": 1,
  'a generator without the end of its window': 7,
  'a generator without its last timestamp': 2,
  'a generator that overflows its sequence': 4,
  'an old answer is applied to a new request': 1,
  'a restarted agent goes on with its window': 1,
  'a request that waits past its deadline': 1,
  'a batch that is answered in part': 1,
  'a lease that is asked for once': 2,
  'a lock query that is answered from two moments': 595,
  'lowering begins no era': 42,
  'a fence that counts in doubles': 29,
  'a generator without the start of its window': 18,
  'a group that leaves one out of the ledger': 23,
  'a group that waits for rows, in the order they were asked for': 4,
};
