import { PATIENCE_MS } from '../support/patience.ts';
import { poll } from '../support/poll.ts';
import { runningMs } from '../support/running-time.ts';
import { Arena } from './arena.ts';
import { newCounts } from './arena-load.ts';
import type { ArenaOptions } from './arena-options.ts';
import { type Findings, findAll } from './findings.ts';
import { keepHistory } from './keep-history.ts';
import { LATEST_MS } from './latest.ts';
import type { Control, Scenario } from './scenario.ts';
import { StoreCounts } from './store-counts.ts';

const MAX_ROUNDS = 10;
/** Without a guard it may never heal, and need not. */
const CONTROL_PATIENCE_MS = 2_000;
/** Issuing has resumed when no call has gone without an ID for this long. */
const QUIET_MS = 700;

/** What one scenario did and found. */
export interface Outcome {
  readonly scenario: string;
  readonly faults: string;
  readonly rounds: number;
  readonly requests: number;
  readonly ids: number;
  /** IDs that came from single-ID requests. */
  readonly singles: number;
  readonly callsWithinFault: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly unanswered: number;
  readonly slowestMs: number;
  /** Undefined if some agent no longer issued from every source. */
  readonly resumedMs: number | undefined;
  readonly fenceAhead: number;
  readonly unfenced: number;
  readonly seconds: number;
  readonly findings: Findings;
  /** The message of the scenario's own check; undefined if it passed. */
  readonly complaint: string | undefined;
  readonly historyFolder: string | undefined;
}

/**
 * Runs a scenario, its nemesis again and again until `calls.wanted` calls fell within it, if that may be, and its last
 * state goes on until `calls.least` did; or a negative control of it, once.
 */
export async function runScenario(
  scenario: Scenario,
  calls: { readonly least: number; readonly wanted: number },
  control?: Control,
): Promise<Outcome> {
  const options: ArenaOptions = { ...scenario.arena, ...control?.arena };
  const nemesis = control?.nemesis ?? scenario.nemesis;
  const begun = runningMs();
  await using arena = await Arena.start(options);
  await using counts = new StoreCounts(arena.coordinators);
  const { load } = arena;
  for (const agent of arena.agents) arena.drawFrom(agent);
  if ((await resumed(arena, begun, [], PATIENCE_MS)) === undefined)
    throw new Error('the arena never came to issue from every agent and every source');

  const during = newCounts();
  let rounds = 0;
  const mostRounds = control === undefined && scenario.alone === undefined ? MAX_ROUNDS : 1;
  await load.during(during, async () => {
    do {
      if (rounds > 0) await arena.heal();
      await nemesis(arena);
      rounds += 1;
    } while (during.calls < calls.wanted && rounds < mostRounds);
    await poll(() => during.calls >= calls.least);
  });
  const healedMs = runningMs();
  await arena.heal();
  const patienceMs = control === undefined ? PATIENCE_MS : CONTROL_PATIENCE_MS;
  const resumedMs = await resumed(arena, healedMs, scenario.ended ?? [], patienceMs);
  await load.stop();
  await arena.ledger.remember();
  const stores = await counts.read();
  const latestMs = scenario.late === undefined ? LATEST_MS : Number.POSITIVE_INFINITY;
  const findings = findAll(load.history, arena.ledger.grants, latestMs);
  const complaint = control === undefined ? await complaintOf(scenario, arena) : undefined;
  const found = Object.values(findings).some((examples) => examples.length > 0);
  const broken = control === undefined && (found || complaint !== undefined);
  const historyFolder = await keepHistory(load.history, scenario.name, arena.sources, broken);
  const { calls: requests, ids, singles, unanswered, slowestMs, refused } = load.counts;
  return {
    scenario: scenario.name,
    faults: scenario.faults,
    rounds,
    requests,
    ids,
    singles,
    unanswered,
    slowestMs,
    resumedMs,
    callsWithinFault: during.calls,
    refused: Object.fromEntries(refused),
    ...stores,
    seconds: (runningMs() - begun) / 1_000,
    findings,
    complaint,
    historyFolder,
  };
}

/** A check that fails must not cost the row and the history of the run. */
async function complaintOf({ check }: Scenario, arena: Arena): Promise<string | undefined> {
  try {
    await check?.(arena);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/**
 * How long it took from `since` until every agent had issued from every source except `ended`, and no call went
 * without an ID any more.
 */
async function resumed(
  { agents, sources, load }: Arena,
  since: number,
  ended: readonly string[],
  patienceMs: number,
): Promise<number | undefined> {
  const expected = sources.filter((source) => !ended.includes(source));
  const answered = () =>
    agents.every(({ label }) => expected.every((source) => load.answeredSince(label, source, since)));
  if ((await poll(answered, patienceMs)) === undefined) return undefined;
  const answeredMs = runningMs();
  const quietSince = () => Math.max(since, load.lastTroubleMs(expected));
  const quiet = await poll(() => runningMs() - quietSince() > QUIET_MS, patienceMs);
  return quiet ? Math.max(answeredMs, quietSince()) - since : undefined;
}
