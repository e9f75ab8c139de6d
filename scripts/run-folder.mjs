/**
 * The folder of one test run. Every process of the run gets it as TMPDIR, so it holds all temporary files. It also
 * marks all processes, because each has the folder in its environment. Its name tells the owner, the process that the
 * run belongs to, by id and by start time, because ids are used again. When the owner is gone, everything with the
 * mark may go.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endEngine } from './run-engine.mjs';

const NAME = /^leafcutter-test-run-(\d+)-(\d+)$/;

/** How often to look for processes that were born while others were killed. */
const KILL_ROUNDS = 50;

/** Makes the folder of this process's run; it must be given to `endRun`. */
export function openRun(parent = tmpdir()) {
  const folder = join(parent, `leafcutter-test-run-${process.pid}-${startOf(process.pid)}`);
  // Readable by all: a database server's copy passes through a process of the user nobody.
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

export function isRunFolder(path) {
  return NAME.test(basename(path));
}

/** @param {string} name of a run's folder; any other name has no owner */
export function isOwnerAlive(name) {
  const [, pid, start] = NAME.exec(name) ?? [];
  return pid !== undefined && startOf(pid) === start;
}

/** Ends the runs whose owner was killed before it could. Resolves to their names. */
export async function endDeadRuns(parent = tmpdir()) {
  const dead = readdirSync(parent).filter((name) => NAME.test(name) && !isOwnerAlive(name));
  for (const name of dead) await endRun(join(parent, name));
  return dead;
}

/** Stops everything that was started in the run and removes the folder. Calling it twice is harmless. */
export async function endRun(folder) {
  await endEngine(folder, membersOf);
  for (let round = 0; round < KILL_ROUNDS; round += 1) {
    const members = membersOf(folder);
    if (members.length === 0) break;
    for (const pid of members) kill(pid);
    await sleep(20);
  }
  await unmountBelow(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** The processes with the run's mark, including those in its containers. This process is never among them. */
function membersOf(folder) {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid && isMarked(pid, folder),
  );
}

function isMarked(pid, folder) {
  const environment = `\0${readProc(pid, 'environ')}`;
  if (environment.includes(`\0TMPDIR=${folder}\0`) || environment.includes(`\0TMPDIR=${folder}/`))
    return true;
  // A container has an environment of its own. Its root lies in the folder, as layers or as a copy.
  const root = readProc(pid, 'mountinfo')
    .split('\n')
    .find((line) => line.split(' ')[4] === '/');
  return root !== undefined && (root.includes(`=${folder}/`) || root.includes(` ${folder}/`));
}

/** When a process started, in ticks since boot; undefined if it is gone or a zombie, which is as good as gone. */
function startOf(pid) {
  if (!existsSync('/proc/self/stat')) return isThere(pid) ? '0' : undefined;
  const stat = readProc(pid, 'stat');
  // The program's name is in brackets and may contain anything.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  return state === 'Z' ? undefined : fields[18];
}

/** For systems without /proc. */
function isThere(pid) {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}

/** Empty if the process is gone or belongs to another user. */
function readProc(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid) {
  try {
    process.kill(Number(pid), 'SIGKILL');
  } catch {
    // It was gone already.
  }
}

/** Removes the mounts that a killed engine left, the last one first. */
async function unmountBelow(folder) {
  const points = readProc('self', 'mountinfo')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse())
    await promisify(execFile)('umount', ['--lazy', point]).catch(() => {});
}
