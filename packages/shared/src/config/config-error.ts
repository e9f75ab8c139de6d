/** One thing wrong with what the user gave. */
export interface ConfigProblem {
  /** The dotted key, or the name as given if it is not a setting. */
  readonly key: string;
  /** One sentence that names the key as the user gave it. Holds no secret. */
  readonly message: string;
}

/** The configuration cannot be used. The message lists all problems, one a line; the process exits with 78. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ message }) => message).join('\n'));
    this.problems = problems;
  }

  /** The key of the first problem. */
  get key(): string {
    return this.problems[0]?.key ?? '';
  }
}
