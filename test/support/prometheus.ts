import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { read } from './deploy.ts';
import { poll } from './poll.ts';
import { freePort } from './ports.ts';
import { type RunningProcess, startProcess } from './process.ts';
import { ROOT } from './root.ts';
import { scratchDir } from './scratch-dir.ts';

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

/** A recording or an alert rule as written in deploy/prometheus. */
export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
}

export const RULE_FILES = ['rules.yml', 'alerts.yml'] as const;

/** Every rule of a file. */
export function rulesOf(file: (typeof RULE_FILES)[number]): Rule[] {
  return (parse(read(`deploy/prometheus/${file}`)) as RuleFile).groups.flatMap(({ rules }) => rules);
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A Prometheus with our rules, which looks each second. */
export class Prometheus implements AsyncDisposable {
  readonly #url: string;
  readonly #process: RunningProcess;

  private constructor(url: string, process: RunningProcess) {
    this.#url = url;
    this.#process = process;
  }

  /** `targets` by job, as `host:port`. With `impatient`, alerts fire a second after their cause began. */
  static async start(
    command: string,
    targets: Readonly<Record<string, readonly string[]>>,
    { impatient = false }: { impatient?: boolean } = {},
  ): Promise<Prometheus> {
    const directory = await scratchDir('prometheus');
    await mkdir(join(directory, 'data'));
    for (const file of RULE_FILES) {
      const rules = parse(read(`deploy/prometheus/${file}`)) as RuleFile;
      await writeFile(join(directory, file), stringify(impatient ? withoutPatience(rules) : rules));
    }
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: RULE_FILES,
      scrape_configs: Object.entries(targets).map(([job, addresses]) => ({
        job_name: job,
        static_configs: [{ targets: addresses }],
      })),
    };
    await writeFile(join(directory, 'prometheus.yml'), stringify(config));
    const url = `127.0.0.1:${await freePort()}`;
    const process = startProcess({
      command,
      args: [
        ...[`--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${directory}/data`],
        `--web.listen-address=${url}`,
      ],
      name: 'prometheus',
    });
    const up = await poll(async () => (await fetch(`http://${url}/-/ready`)).ok);
    if (!up) throw new Error(`Prometheus did not come up; it last said:\n${process.tail()}`);
    return new Prometheus(url, process);
  }

  /** The result of the query now. @throws Error if it is not a query */
  async query(query: string): Promise<readonly Series[]> {
    const { result } = await this.#ask<{ result: Series[] }>(`query?query=${encodeURIComponent(query)}`);
    return result;
  }

  /** Names of the alerts that fire. */
  async firing(): Promise<string[]> {
    const series = await this.query('ALERTS{alertstate="firing"}');
    return [...new Set(series.map(({ metric }) => metric.alertname ?? ''))].sort();
  }

  /** Names of rules that could not be evaluated. */
  async brokenRules(): Promise<string[]> {
    const { groups } = await this.#ask<{ groups: { rules: { name: string; health: string }[] }[] }>('rules');
    return groups
      .flatMap(({ rules }) => rules)
      .filter(({ health }) => health === 'err')
      .map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }

  async #ask<T>(path: string): Promise<T> {
    const response = await fetch(`http://${this.#url}/api/v1/${path}`);
    const { data, error } = (await response.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(`${path}: ${error}`);
    return data;
  }
}

function withoutPatience({ groups }: RuleFile): RuleFile {
  const hasten = (rule: Rule) => (rule.for === undefined ? rule : { ...rule, for: '1s' });
  return { groups: groups.map((group) => ({ ...group, rules: group.rules.map(hasten) })) };
}

/** Where to scrape a service that listens at `url`. */
export function scraped(services: readonly { readonly url: string }[]): string[] {
  return services.map(({ url }) => new URL(url).host);
}

export const RULES_FOLDER = join(ROOT, 'deploy', 'prometheus');
