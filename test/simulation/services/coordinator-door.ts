import {
  endRequest,
  type LeaseAnswer,
  leaseRequest,
  type RenewAnswer,
  type ReportAnswer,
  renewRequest,
  reportRequest,
  type SegmentAnswer,
  segmentRequest,
} from '@leafcutter/shared/wire';
import type { Evidence } from '../evidence.ts';
import type { SimulatedCoordinator } from './simulated-coordinator.ts';

const DEPLOYMENT = { deploymentId: 'simulated' };

/** The coordinator's HTTP door (`http/routes.ts`) without HTTP. What leaves through it is noted as granted. */
export async function answer(
  coordinator: SimulatedCoordinator,
  evidence: Evidence,
  path: string,
  body: object,
): Promise<unknown> {
  const [, , kind, name = '', action] = path.split('/');
  if (kind === 'tags') return segment(coordinator, evidence, decodeURIComponent(name), body);
  if (kind === 'agents') return report(coordinator, body);
  if (action === 'renew') return renew(coordinator, evidence, Number(name), body);
  if (action === 'end') return coordinator.leases.end(Number(name), endRequest.parse(body));
  return lease(coordinator, evidence, body);
}

async function segment(
  coordinator: SimulatedCoordinator,
  evidence: Evidence,
  tag: string,
  body: object,
): Promise<SegmentAnswer> {
  const { agentId, instanceId, ...demand } = segmentRequest.parse(body);
  const { process, segments } = coordinator;
  const begun = process.runningMs();
  try {
    const { start, end } = await segments.grant(tag, { agentId, instanceId }, demand);
    evidence.granted({ counter: { kind: 'tag', tag }, start, end, instanceId }, process.name);
    return { ...DEPLOYMENT, tag, start: String(start), end: String(end) };
  } finally {
    checkDeadline(coordinator, evidence, begun);
  }
}

/** A segment request has a deadline; the text of a refusal does not matter here. */
function checkDeadline(
  { process, deadlineMs }: SimulatedCoordinator,
  evidence: Evidence,
  begun: number,
): void {
  const tookMs = process.runningMs() - begun;
  if (tookMs > deadlineMs + 50)
    evidence.violated('I6', `${process.name} took ${tookMs.toFixed(0)} ms for a segment`);
}

async function lease(
  coordinator: SimulatedCoordinator,
  evidence: Evidence,
  body: object,
): Promise<LeaseAnswer> {
  const { agentId, instanceId, agentTimeMs, layout } = leaseRequest.parse(body);
  const { process, leases, heartbeatMs } = coordinator;
  const granted = await leases.grant({ holder: { agentId, instanceId }, agentTimeMs, layout });
  const counter = { kind: 'machine', machineId: granted.machineId } as const;
  const window = { start: BigInt(granted.from), end: BigInt(granted.to) };
  evidence.granted({ counter, ...window, instanceId }, process.name);
  return { ...DEPLOYMENT, ...granted, heartbeatMs, coordinatorTimeMs: process.clock.now() };
}

async function renew(
  coordinator: SimulatedCoordinator,
  evidence: Evidence,
  machineId: number,
  body: object,
): Promise<RenewAnswer> {
  const { agentId, instanceId, agentTimeMs, layout, to, extend } = renewRequest.parse(body);
  const { process, leases } = coordinator;
  const call = { holder: { agentId, instanceId }, agentTimeMs, layout };
  const extended = await leases.renew(machineId, call, to, extend);
  if (extended > to) {
    const counter = { kind: 'machine', machineId } as const;
    evidence.granted({ counter, start: BigInt(to), end: BigInt(extended), instanceId }, process.name);
  }
  return { ...DEPLOYMENT, to: extended, coordinatorTimeMs: process.clock.now() };
}

/** When a report is wanted at the latest if no console is open, as the coordinator says it. */
const NOBODY_WATCHES_MS = 300_000;

async function report(coordinator: SimulatedCoordinator, body: object): Promise<ReportAnswer> {
  const { names } = reportRequest.parse(body);
  const records = new Map((await coordinator.store.findTags(names)).map((record) => [record.tag, record]));
  const gone = names.flatMap((tag): ReportAnswer['gone'] => {
    const record = records.get(tag);
    if (record === undefined) return [{ tag, code: 'TAG_UNKNOWN' }];
    return record.retired ? [{ tag, code: 'TAG_RETIRED' }] : [];
  });
  const coordinatorTimeMs = coordinator.process.clock.now();
  return { ...DEPLOYMENT, coordinatorTimeMs, nextReportMs: NOBODY_WATCHES_MS, gone };
}
