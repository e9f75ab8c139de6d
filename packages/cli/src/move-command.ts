import { type MoveEvents, type MoveReport, move } from '@leafcutter/coordinator/move';
import { coordinatorSettings } from '@leafcutter/coordinator/settings';
import { LeafcutterError } from '@leafcutter/shared/errors';
import { StartError } from '@leafcutter/shared/http/bind';
import { visible } from '@leafcutter/shared/visible';
import { EXIT, type ExitCode, type Io, UsageError } from './io.ts';
import { loadSettings } from './load-settings.ts';

const HELP = `Usage: leafcutter move [--dry-run] [settings of the coordinator]

Moves an embedded deployment to MySQL, with the record of everything ever handed out: from the embedded database in
--data-dir to the empty database that --mysql-url names. Give it the settings that the coordinator will have from then on,
as flags, variables or --config; \`leafcutter coordinator --help\` lists them. Stop the coordinator first; agents go on
from memory. docs/move-to-mysql.md describes every step.

  --dry-run           print what would be moved, and change nothing
  --data-dir DIR      folder of the embedded database; default .leafcutter
  --mysql-url URL     mysql://user:password@host/database; prefer LEAFCUTTER_MYSQL_URL or LEAFCUTTER_MYSQL_URL_FILE,
                      because other users can see flags
  --redis-url URL     for the new coordinator. The move itself does not touch Redis

To resume an interrupted move, run the same command again. Once the move is done, there is no way back.

Exits with 0 if it is done, or was done before; with 1 otherwise.
`;

/** The distance between two lines about one table: a tenth of it, at most this many rows. */
const TOLD_EVERY = 100_000;

/** `leafcutter move`: the embedded database goes to MySQL. */
export async function moveCommand(io: Io): Promise<ExitCode> {
  if (io.argv.includes('--help') || io.argv.includes('-h')) {
    io.out(HELP);
    return EXIT.ok;
  }
  const dryRun = io.argv.includes('--dry-run');
  const argv = io.argv.filter((word) => word !== '--dry-run');
  const loaded = loadSettings({ ...io, argv }, coordinatorSettings, 'coordinator', 'leafcutter move');
  if (loaded === undefined) return EXIT.ok;
  for (const warning of loaded.warnings) io.err(`${warning}\n`);
  if (loaded.config.mysql.url === undefined)
    throw new UsageError(`Say where to move it: set mysql.url.\n\n${HELP}`);
  try {
    io.out(told(await move(loaded.config, dryRun, new Progress(io)), dryRun));
    return EXIT.ok;
  } catch (error) {
    if (error instanceof LeafcutterError) throw withCause(error);
    throw error;
  }
}

/** Reports progress, and ends the move between two transactions if the process is asked to stop. */
class Progress implements MoveEvents {
  readonly #io: Io;
  #stopped = false;
  #toldRows = 0;

  constructor(io: Io) {
    this.#io = io;
    void io.stopRequested.then(() => {
      this.#stopped = true;
    });
  }

  progress(...[step, table, rows = 0, of = 0]: Parameters<MoveEvents['progress']>): void {
    // What follows the mark takes an instant, and after it one of the two serves.
    if (this.#stopped && step !== 'marked' && step !== 'completed') {
      throw new StartError('Stopped before the move was done. Run it again.');
    }
    if (step === 'marked') this.#io.err('The embedded database is marked as moved.\n');
    if (step !== 'copied') return;
    if (rows < this.#toldRows) this.#toldRows = 0;
    if (rows !== of && rows - this.#toldRows < Math.min(of / 10, TOLD_EVERY)) return;
    this.#toldRows = rows === of ? 0 : rows;
    this.#io.err(`${table}: ${rows} of ${of} rows\n`);
  }
}

function told({ plan, file, target, deploymentId, layout, tables }: MoveReport, dryRun: boolean): string {
  const deployment = visible(`deployment ${deploymentId}, snowflake layout ${layout}`);
  const head = `from  ${file}\nto    ${target}\n${deployment}\n`;
  if (plan === 'done') return `${head}It has been moved already; there is nothing to do.\n`;
  const rows = tables.map(({ name, rows }) => `  ${name}: ${rows} rows\n`).join('');
  const again = plan === 'again' ? 'An earlier move was interrupted; this one starts over.\n' : '';
  const end = dryRun
    ? `${again}Nothing was changed. Run it without --dry-run to move it.\n`
    : 'Moved. Start the coordinators with mysql.url and redis.url. The old file can no longer be used.\n';
  return `${head}${rows}${end}`;
}

/** MySQL's message is in the cause; its messages contain no password. */
function withCause(error: LeafcutterError): LeafcutterError {
  const { code, reason, cause } = error;
  const why = cause instanceof Error ? ` (${cause.message})` : '';
  const named = reason === undefined ? '' : ` [${reason}]`;
  // INTERNAL would be shown with a stack, but here it is MySQL's answer to one of our statements.
  const shown = code === 'INTERNAL' && cause !== undefined ? 'STORE_UNAVAILABLE' : code;
  return new LeafcutterError(shown, `${error.message}${why}${named}`, { cause: error });
}
