import { environmentName, flagName } from './names.ts';
import { MASK, renderGiven, renderValue } from './output/render-value.ts';
import type { Setting } from './setting.ts';
import { type Given, type ReadFile, reasonOf } from './sources/given.ts';

/** A value that can be used, or the sentence that says why there is none. */
type Resolved = { readonly value: unknown } | { readonly problem: string };

/** Checks what was given for a setting, or takes its default. */
export function resolveSetting(
  key: string,
  setting: Setting<unknown>,
  given: Given | undefined,
  readFile: ReadFile,
): Resolved {
  const takes = `must be ${setting.takes}${setting.unit === undefined ? '' : ` (${setting.unit})`}`;
  if (given === undefined) {
    if (!setting.isRequired) return { value: setting.default };
    return { problem: `${flagName(key)} or ${environmentName(key)} is required: ${takes}.` };
  }
  if (given.isFile) return resolveSecretFile(setting, given, takes, readFile);

  const parsed = setting.schema.safeParse(given.value);
  if (parsed.success) return { value: parsed.data };
  const shown = setting.isSecret ? MASK : renderGiven(given.value);
  return {
    problem: `${given.name} is ${shown}: ${takes}${needsQuotes(setting, given.value) ? ', in quotes' : ''}.`,
  };
}

/** How a rule's objection begins: `--step is 5`. */
export function subject(
  key: string,
  setting: Setting<unknown> | undefined,
  given: Given | undefined,
  value: unknown,
): string {
  const name = given?.name ?? key;
  if (value === undefined) return `${name} is not set`;
  return `${name} is ${renderValue(value, setting?.isSecret ?? true)}${given ? '' : ' by default'}`;
}

/** An empty file is refused even if an empty list is good: a secret that failed to mount looks like this. */
function resolveSecretFile(
  setting: Setting<unknown>,
  given: Given,
  takes: string,
  readFile: ReadFile,
): Resolved {
  const named = `${given.name} is "${given.value}"`;
  let content: string;
  try {
    content = readFile(String(given.value)).trim();
  } catch (error) {
    return { problem: `${named}: the file cannot be read (${reasonOf(error)}).` };
  }
  if (content === '') return { problem: `${named}: the file is empty.` };
  const parsed = setting.schema.safeParse(content);
  return parsed.success ? { value: parsed.data } : { problem: `${named}: its content ${takes}.` };
}

/** YAML reads 0123 as a number. What was meant is no longer known, so the message asks instead of guessing. */
function needsQuotes(setting: Setting<unknown>, value: unknown): boolean {
  return (
    typeof value !== 'string' && typeof value !== 'object' && setting.schema.safeParse(String(value)).success
  );
}
