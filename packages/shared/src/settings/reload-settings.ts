import { scopedTokenList } from '../config/kinds/list-kinds.ts';
import { int } from '../config/kinds/number-kinds.ts';

/** How often a service looks whether its configuration changed; agent and coordinator alike. */
export const reloadIntervalS = int({
  default: 10,
  min: 0,
  max: 3_600,
  unit: 's',
  doc: 'How often to read files with settings and secrets again. 0: only on SIGHUP.',
});

/** Tokens that open some tags only, with the words that say which. */
export const scopedTokens = scopedTokenList({
  reloads: true,
  doc: 'Tokens that give access to some tags only, or to snowflake mode (@snowflake), in addition to the tokens that give access to everything.',
});
