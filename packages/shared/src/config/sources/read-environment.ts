import { suggestion } from '../did-you-mean.ts';
import { CONFIG_VARIABLE, ENVIRONMENT_PREFIX, environmentName, secretFileName } from '../names.ts';
import { environmentNames, type SettingIndex } from '../settings.ts';
import type { Findings, Given, GivenByKey } from './given.ts';

/** Variables, as the process or a `.env` file has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What the environment gives. */
interface Environment {
  readonly given: GivenByKey;
  /** The value of `LEAFCUTTER_CONFIG`. */
  readonly configFile: Given | undefined;
}

interface Reading {
  readonly source: 'env' | '.env';
  readonly service: string;
  /** Variables of other Leafcutter services, so that they raise no warning. */
  readonly knownElsewhere: ReadonlySet<string>;
}

/**
 * Reads the variables of the settings. Unknown ones cause a warning and no refusal, since Kubernetes injects its own
 * for every Service of the name. Empty ones count as not set, since templates leave them.
 */
export function readEnvironment(
  index: SettingIndex,
  variables: Variables,
  { source, service, knownElsewhere }: Reading,
  findings: Findings,
): Environment {
  const known = new Set([...environmentNames(index), CONFIG_VARIABLE]);
  const where = source === '.env' ? ' in .env' : '';
  for (const [name, value] of Object.entries(variables)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || value === undefined) continue;
    if (known.has(name)) {
      if (value === '') findings.warnings.push(`${name}${where} is empty and is ignored.`);
    } else if (!knownElsewhere.has(name)) {
      const end = suggestion(name, known);
      findings.warnings.push(`${name}${where} is not a setting of the ${service} and is ignored${end}`);
    }
  }

  const read = (name: string): Given | undefined => {
    const value = variables[name];
    return value ? { source, name: `${name}${where}`, value } : undefined;
  };
  const given = new Map<string, Given>();
  for (const [key, setting] of index.byKey) {
    const plain = read(environmentName(key));
    const file = setting.isSecret ? read(secretFileName(key)) : undefined;
    if (plain && file) {
      findings.problems.push({
        key,
        message: `${plain.name} and ${file.name} are both set; keep one of them.`,
      });
    }
    if (file) given.set(key, { ...file, isFile: true });
    else if (plain) given.set(key, plain);
  }
  return { given, configFile: read(CONFIG_VARIABLE) };
}
