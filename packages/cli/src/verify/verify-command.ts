import { access, constants, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '@leafcutter/shared/config/config-error';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { type AdminClient, adminClient } from '../admin/admin-client.ts';
import { ADMIN_TLS_HELP } from '../admin/admin-tls.ts';
import { EXIT, type ExitCode, type Io } from '../io.ts';
import { jsonText } from '../json-text.ts';
import { AgentDoor } from './agent-door.ts';
import { Budget } from './budget.ts';
import { Drawing } from './drawing.ts';
import { toEdn } from './edn.ts';
import { checkMembership } from './granted.ts';
import type { History } from './history.ts';
import { toJsonl } from './jsonl.ts';
import { HELP, readOptions, type VerifyOptions } from './options.ts';
import { count, printReport } from './print-report.ts';
import { showProgress } from './progress.ts';
import { judge, type LedgerCheck, type Report } from './report.ts';
import { shapesOf } from './shapes-of.ts';
import { writeLines } from './write-lines.ts';

const EXIT_OF: Record<Report['verdict'], ExitCode> = {
  ok: EXIT.ok,
  violated: EXIT.failed,
  unverified: EXIT.unverified,
};

/** `leafcutter verify`: draws from running agents and judges the answers. A signal ends the drawing, not the judging. */
export async function verifyCommand(io: Io): Promise<ExitCode> {
  const options = readOptions(io);
  if (options === undefined) {
    io.out(HELP + ADMIN_TLS_HELP);
    return EXIT.ok;
  }
  const adminToken = (await readToken(io, options.tokenFile)) ?? io.env.LEAFCUTTER_ADMIN_TOKEN;
  const agentToken = await readToken(io, options.agentTokenFile);
  if (options.historyFile !== undefined) {
    // Found out now, not after an hour of drawing.
    const folder = dirname(resolve(io.cwd, options.historyFile));
    await access(folder, constants.W_OK).catch((error) => refuse('history folder', folder, error));
  }
  // One connection more than callers, so that the question about the instance does not wait behind them.
  const { coordinator } = options;
  const client = coordinator === undefined ? undefined : adminClient(io, coordinator, adminToken);
  const shapes = await shapesOf(client, options.sources);
  const doors = options.agents.map((url) => new AgentDoor(url, agentToken, options.callers + 1, shapes));
  const drawing = new Drawing(doors, options.sources, new Budget(options.ids, options.singlesOnly));
  try {
    await draw(drawing, options, io);
  } finally {
    await Promise.all(doors.map((door) => door.close()));
  }
  const seconds = drawing.elapsedNs / 1e9;
  if (options.historyFile !== undefined) {
    await writeHistory(drawing.history, resolve(io.cwd, options.historyFile), options.sources);
  }
  const ledger = await checkLedger(drawing.history, client);
  const report = judge(drawing, ledger, seconds);
  io.out(options.json ? jsonText(report) : printReport(report));
  return EXIT_OF[report.verdict];
}

async function draw(drawing: Drawing, { durationMs, ids, callers }: VerifyOptions, io: Io): Promise<void> {
  const end = durationMs === undefined ? undefined : setTimeout(() => drawing.stop(), durationMs);
  void io.stopRequested.then(() => drawing.stop());
  const { history } = drawing;
  using _ = showProgress(io, () => {
    const perSecond = Math.round(history.idCount / (drawing.elapsedNs / 1e9));
    const goal = durationMs === undefined ? ` of ${count(ids)}` : '';
    return (
      `${count(history.idCount)}${goal} IDs, ${count(perSecond)} IDs/s, ` +
      `${count(sum(drawing.refused))} refused, ${count(sum(drawing.silent))} not answered`
    );
  });
  await drawing.run(callers);
  clearTimeout(end);
}

async function checkLedger(history: History, client: AdminClient | undefined): Promise<LedgerCheck> {
  if (client === undefined) return undefined;
  try {
    return await checkMembership(client, history);
  } catch (error) {
    if (error instanceof LeafcutterError) return { failed: `${error.code}: ${error.message}` };
    throw error;
  }
}

/** One file; for Jepsen, one per source if there are several: `run.edn` becomes `run.orders.edn`. */
async function writeHistory(history: History, file: string, sources: readonly string[]): Promise<void> {
  if (file.endsWith('.jsonl')) return writeLines(file, toJsonl(history));
  for (const source of sources) {
    const name = sources.length === 1 ? file : file.replace(/edn$/, `${encodeURIComponent(source)}.edn`);
    await writeLines(name, toEdn(history, source));
  }
}

/** @throws ConfigError */
async function readToken(io: Io, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const text = await readFile(resolve(io.cwd, file), 'utf8').catch((error) =>
    refuse('token file', file, error),
  );
  return text.trim();
}

function refuse(what: string, file: string, error: unknown): never {
  const why = error instanceof Error ? error.message : error;
  throw new ConfigError([{ key: what, message: `The ${what} ${file} cannot be used: ${why}` }]);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, times) => total + times, 0);
}
