import { suggestion } from '../did-you-mean.ts';
import { CONFIG_FLAG, flagName, negatedFlagName } from '../names.ts';
import { renderGiven } from '../output/render-value.ts';
import type { Setting } from '../setting.ts';
import type { SettingIndex } from '../settings.ts';
import type { Findings, Given, GivenByKey } from './given.ts';

/** What the command line gives. */
interface Flags {
  readonly given: GivenByKey;
  /** The value of `--config`. */
  readonly configFile: Given | undefined;
}

/** What a flag stands for. `--config` has no setting. */
interface Meaning {
  readonly key: string;
  readonly setting?: Setting<unknown>;
  readonly isNegated?: true;
}

/** Not a dotted key, so it cannot be taken for one. */
const CONFIG_KEY = CONFIG_FLAG;

/** Help and the version are answered, whatever else the command line says. */
export function askedFor(argv: readonly string[]): 'help' | 'version' | undefined {
  if (argv.includes('-h') || argv.includes('--help')) return 'help';
  return argv.includes('-V') || argv.includes('--version') ? 'version' : undefined;
}

/** Reads `--key value`, `--key=value`, `--flag` and `--no-flag`. There are no positional arguments. */
export function readFlags(
  index: SettingIndex,
  argv: readonly string[],
  service: string,
  findings: Findings,
): Flags {
  const meanings = meaningsOf(index);
  const given = new Map<string, Given>();
  const rest = [...argv];
  const problem = (key: string, message: string) => findings.problems.push({ key, message });
  let before = 'the command';

  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('--') || word === '--') {
      // It is not shown: the rest of an unquoted secret looks like this.
      problem(
        before,
        `There is an argument without a flag after ${before}; lists take commas without spaces.`,
      );
      continue;
    }
    const [, name = word, inline] = /^([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    const meaning = meanings.get(name);
    before = name;
    if (meaning === undefined) {
      problem(name, `${name} is not a setting of the ${service}${suggestion(name, meanings.keys())}`);
      if (inline === undefined && isValue(rest[0])) rest.shift();
      continue;
    }
    const { key } = meaning;
    const earlier = given.get(key);
    const value = takeValue(meaning, inline, rest);
    if (earlier !== undefined) {
      const both =
        earlier.name === name ? `${name} is given twice` : `${earlier.name} and ${name} are both given`;
      problem(key, `${both}; a setting is given once, and lists take commas.`);
    } else if (value === undefined) {
      problem(key, `${name} has no value: must be ${meaning.setting?.takes ?? 'the path of a file'}.`);
    } else if (meaning.isNegated && inline !== undefined) {
      problem(key, `${name} is ${renderGiven(inline)}: takes no value.`);
    }
    if (value !== undefined) given.set(key, { source: 'flag', name, value });
  }

  const configFile = given.get(CONFIG_KEY);
  given.delete(CONFIG_KEY);
  return { given, configFile };
}

function meaningsOf({ byKey }: SettingIndex): Map<string, Meaning> {
  const meanings = new Map<string, Meaning>([[CONFIG_FLAG, { key: CONFIG_KEY }]]);
  for (const [key, setting] of byKey) {
    meanings.set(flagName(key), { key, setting });
    if (setting.isFlag) meanings.set(negatedFlagName(key), { key, setting, isNegated: true });
  }
  return meanings;
}

function takeValue(
  { setting, isNegated }: Meaning,
  inline: string | undefined,
  rest: string[],
): string | undefined {
  if (isNegated) return 'false';
  if (inline !== undefined) return inline;
  if (!setting?.isFlag) return isValue(rest[0]) ? rest.shift() : undefined;
  // A bare flag means true, but `--flag false` can mean only one thing, since there are no other arguments.
  return setting.schema.safeParse(rest[0]).success ? rest.shift() : 'true';
}

/** A value may start with one dash, as a negative number does; one that starts with two needs `=`. */
function isValue(word: string | undefined): boolean {
  return word !== undefined && !word.startsWith('--');
}
