import { checkDisjointGrants, checkIssuedWasGranted } from './checks/granted.ts';
import { checkRecovery } from './checks/recovery.ts';
import { checkRising } from './checks/rising.ts';
import { checkUnique } from './checks/unique.ts';
import type { Violation } from './evidence.ts';
import { EFFECTS } from './faults/effects.ts';
import { describeFault, type Fault, type FaultKind, type Heal } from './faults/fault.ts';
import { RECOVERY_MS, type Scenario } from './scenario.ts';
import { type Plant, World } from './world.ts';

/** The outcome of a run. */
export interface Outcome {
  readonly violations: readonly Violation[];
  /** A hash over the whole history: two runs of one scenario have the same. */
  readonly hash: string;
  readonly lines: readonly string[];
  readonly simulatedMs: number;
  readonly idsIssued: number;
  readonly requests: number;
  readonly refusals: number;
  /** Faults that came about. */
  readonly faults: readonly FaultKind[];
  readonly events: number;
}

/** A fault that the assumptions forbid at its moment is tried again this much later, and after a while gives way. */
const PUT_OFF_MS = 500;
const PUT_OFF_IN_ALL_MS = 5_000;
/** The fault that replaces one that stayed forbidden. */
const ALWAYS_ALLOWED = 'agent-killed';

/** Runs a scenario to its end, or until something was wrong, and checks everything that happened. */
export async function simulate(scenario: Scenario, plant: Plant = {}): Promise<Outcome> {
  const { stackTraceLimit } = Error;
  // There are thousands of refusals, and collecting their stacks would take a tenth of the time.
  Error.stackTraceLimit = 0;
  try {
    return await run(scenario, plant);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function run(scenario: Scenario, plant: Plant): Promise<Outcome> {
  const world = new World(scenario, plant);
  const { scheduler, evidence } = world;
  const happened: FaultKind[] = [];
  await world.open();
  const heals = new Set<Heal>();
  for (const fault of scenario.faults)
    scheduler.after(fault.atMs, () => inflict(world, fault, scenario.healAtMs, heals, happened));

  const isBroken = () => evidence.violations.length > 0;
  await scheduler.runUntil(scenario.healAtMs, isBroken);
  if (!isBroken()) {
    for (const heal of heals) heal();
    evidence.note('all is set right');
    world.setRight();
    await scheduler.runUntil(scenario.healAtMs + RECOVERY_MS, isBroken);
  }
  if (!isBroken()) {
    for (const { service } of world.agents) service.callers.checkNobodyWaits();
    await checkRecovery(world);
  }
  checkUnique(evidence);
  checkDisjointGrants(evidence);
  checkIssuedWasGranted(evidence, scenario.rules.leases.layout);
  checkRising(evidence);
  return {
    violations: evidence.violations,
    hash: evidence.hash,
    lines: evidence.lines,
    simulatedMs: scheduler.now,
    idsIssued: evidence.idsIssued,
    requests: evidence.requests,
    refusals: evidence.refusals,
    faults: happened,
    events: scheduler.events,
  };
}

function inflict(
  world: World,
  fault: Fault,
  healAtMs: number,
  heals: Set<Heal>,
  happened: FaultKind[],
): void {
  const { scheduler, evidence } = world;
  const heal = EFFECTS[fault.kind](world, fault);
  if (heal === undefined) {
    const late = scheduler.now - fault.atMs >= PUT_OFF_IN_ALL_MS || scheduler.now + PUT_OFF_MS >= healAtMs;
    if (late) inflict(world, { ...fault, kind: ALWAYS_ALLOWED }, healAtMs, heals, happened);
    else scheduler.after(PUT_OFF_MS, () => inflict(world, fault, healAtMs, heals, happened));
    return;
  }
  evidence.note(`FAULT ${describeFault(fault)}`);
  happened.push(fault.kind);
  const healOnce = () => {
    if (!heals.delete(healOnce)) return;
    heal();
    evidence.note(`${fault.kind} ends`);
  };
  heals.add(healOnce);
  scheduler.after(fault.durationMs, healOnce);
}
