import { setTimeout as sleep } from 'node:timers/promises';
import { metric } from '../../support/metric.ts';
import { poll } from '../../support/poll.ts';
import { runningMs } from '../../support/running-time.ts';
import type { Service } from '../../support/service.ts';
import { type ArenaLoad, newCounts } from '../arena-load.ts';

const LASTS_MS = 4_000;
const LOOK_EVERY_MS = 250;
/** A service that is out of files or stands still does not answer; one that asks a silent MySQL takes two seconds. */
const LOOK_MS = 5_000;
const UNFENCED = 'leafcutter_coordinator_unfenced_allocations_total';

/** A coordinator and an agent, and callers that draw from it all the time. */
export interface Bench {
  readonly coordinator: Service;
  readonly agent: Service;
  readonly load: ArenaLoad;
  /** What callers draw from. */
  readonly sources: readonly string[];
  /** Puts everything right, as far as what ended the hardship has not. */
  heal(): Promise<void>;
}

/** A setting of a server, or something that the machine gives no more. */
export interface Hardship<B extends Bench = Bench> {
  readonly name: string;
  /** Default 4 s. */
  readonly lastsMs?: number;
  /** Brings it about; resolves to what ends it. */
  readonly begin: (bench: B) => Promise<() => Promise<unknown>>;
}

/** What was seen while it lasted, and then. */
export interface Endured {
  readonly name: string;
  readonly ids: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly unanswered: number;
  readonly unfenced: number;
  /** What `/readyz` had against the world. */
  readonly said: { readonly coordinator: readonly string[]; readonly agent: readonly string[] };
  /** From the end until callers got IDs of every source and both services were content; undefined if that never came. */
  readonly wellAgainMs: number | undefined;
  /** Why not, at the last look; empty if all was well. */
  readonly stillWrong: readonly string[];
}

export async function endure<B extends Bench>(bench: B, hardship: Hardship<B>): Promise<Endured> {
  const { coordinator, agent, load, sources } = bench;
  const { name, lastsMs = LASTS_MS, begin } = hardship;
  const unfencedBefore = await metric(UNFENCED, coordinator);
  const during = newCounts();
  const said = { coordinator: new Set<string>(), agent: new Set<string>() };
  await load.during(during, async () => {
    const end = await begin(bench);
    for (const untilMs = runningMs() + lastsMs; runningMs() < untilMs; await sleep(LOOK_EVERY_MS)) {
      const [ofCoordinator, ofAgent] = await Promise.all([troubles(coordinator), troubles(agent)]);
      for (const trouble of ofCoordinator) said.coordinator.add(trouble);
      for (const trouble of ofAgent) said.agent.add(trouble);
    }
    await end();
  });
  const endedMs = runningMs();
  await bench.heal();
  let stillWrong: string[] = [];
  const isWell = await poll(async () => {
    const dry = sources.filter((source) => !load.answeredSince(agent.name, source, endedMs));
    const found = await Promise.all([troubles(coordinator), troubles(agent)]);
    stillWrong = [...dry.map((source) => `no ID of ${source}`), ...found.flat()];
    return stillWrong.length === 0;
  });
  return {
    name,
    ids: during.ids,
    refused: Object.fromEntries(during.refused),
    unanswered: during.unanswered,
    unfenced: Math.max(0, (await metric(UNFENCED, coordinator).catch(() => 0)) - unfencedBefore),
    said: { coordinator: [...said.coordinator], agent: [...said.agent] },
    wellAgainMs: isWell ? runningMs() - endedMs : undefined,
    stillWrong,
  };
}

/** Of `/readyz`; only an agent has modes. */
interface Readiness {
  readonly dependencies: readonly { name: string; state: string; ok: boolean; reason: string | null }[];
  readonly modes?: Readonly<Record<string, { ready: boolean; reason?: string }>>;
}

async function troubles({ url }: Service): Promise<string[]> {
  try {
    const signal = AbortSignal.timeout(LOOK_MS);
    // Each look is a caller that comes anew.
    const response = await fetch(`${url}/readyz`, { signal, headers: { connection: 'close' } });
    const { dependencies, modes = {} } = (await response.json()) as Readiness;
    return [
      ...dependencies
        .filter(({ ok }) => !ok)
        .map(({ name, state, reason }) => `${name} ${state}${reason === null ? '' : ` (\`${reason}\`)`}`),
      ...Object.entries(modes)
        .filter(([, { ready }]) => !ready)
        .map(([mode, { reason }]) => `${mode} not ready (\`${reason}\`)`),
    ];
  } catch {
    return ['does not answer'];
  }
}

/** As a Markdown table. */
export function table(rows: readonly Endured[]): string {
  return [
    '| what | IDs meanwhile | refused | unfenced | the coordinator says | the agent says | all well again, s |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(({ name, ids, refused, unanswered, unfenced, said, wellAgainMs }) => {
      const codes = Object.entries(refused).map(([code, count]) => `${count} ${code}`);
      if (unanswered > 0) codes.push(`${unanswered} unanswered`);
      const again = wellAgainMs === undefined ? 'never' : (wellAgainMs / 1_000).toFixed(1);
      const told = [said.coordinator, said.agent].map((words) => words.join(', ') || '–');
      return `| ${[name, ids, codes.join(', ') || 'none', unfenced, ...told, again].join(' | ')} |`;
    }),
  ].join('\n');
}
