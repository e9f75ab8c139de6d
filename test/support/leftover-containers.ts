import { docker } from './docker-cli.ts';
import { isAlive } from './scratch-dir.ts';

/** Label that tells whose a container is: the id of the process that started it. */
export const OWNER_LABEL = 'leafcutter-test.owner';

/**
 * Removes containers of ours whose process is gone, as after a run that was killed. Those of a process that
 * lives, such as another Jest worker, and those of other projects stay.
 *
 * @returns how many were removed
 */
export async function removeLeftoverContainers(): Promise<number> {
  const filters = ['--filter', 'label=org.testcontainers=true', '--filter', `label=${OWNER_LABEL}`];
  const format = `{{.ID}} {{.Label "${OWNER_LABEL}"}}`;
  const rows = (await docker(['ps', '--all', ...filters, '--format', format])).split('\n').filter(Boolean);
  const orphans = rows.map((row) => row.split(' ')).filter(([, owner]) => !isAlive(Number(owner)));
  for (const [id] of orphans) {
    // Another run may be removing the same one; what counts is that it goes.
    await docker(['rm', '--force', '--volumes', id as string]).catch(() => {});
  }
  return orphans.length;
}
