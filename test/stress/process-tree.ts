import { readdirSync, readFileSync } from 'node:fs';

interface Seen {
  readonly parent: number;
  readonly state: string;
}

/** Everything that runs, by process id. */
function allProcesses(): Map<number, Seen> {
  const seen = new Map<number, Seen>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      // The name is in brackets and may contain anything, so only what follows the last bracket is read.
      const [state = '', parent = ''] =
        readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      seen.set(Number(entry), { state, parent: Number(parent) });
    } catch {
      // It ended meanwhile.
    }
  }
  return seen;
}

/** A process and all that it started, and they: the ids of those that run. */
function treeOf(root: number, all: ReadonlyMap<number, Seen>): number[] {
  const tree = [root];
  for (const pid of tree) {
    for (const [child, { parent }] of all) if (parent === pid) tree.push(child);
  }
  return tree.filter((pid) => all.has(pid) && all.get(pid)?.state !== 'Z');
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Stops a process and all below it, including those that are being started. Returns a function that continues the
 * ones stopped here; those that a test had stopped stay stopped.
 */
export function stopTree(root: number): () => void {
  const stopped = new Set<number>();
  for (;;) {
    const all = allProcesses();
    const running = treeOf(root, all).filter((pid) => !stopped.has(pid) && all.get(pid)?.state !== 'T');
    if (running.length === 0) break;
    for (const pid of running) if (signal(pid, 'SIGSTOP')) stopped.add(pid);
  }
  return () => {
    for (const pid of stopped) signal(pid, 'SIGCONT');
  };
}

/** Ends a process and all below it. */
export function killTree(root: number): void {
  // Stopped first, so that nobody starts another one meanwhile.
  stopTree(root);
  for (const pid of treeOf(root, allProcesses())) signal(pid, 'SIGKILL');
}
