/**
 * A program that does to `leaf_alloc` exactly what Leaf does (source: Leaf, `IDAllocMapper`, `SegmentIDGenImpl`). The
 * first two loads of a life take the table's step; later ones double it while segments last less than 15 minutes.
 * Each load is an UPDATE and a SELECT in one transaction. The other segment is loaded when less than 90 % of the
 * first is left. The program lives `lives` times, issues `perLife` IDs in each, and drops what is left, as Leaf does
 * when it restarts. It prints what it issued as one line of JSON ranges.
 *
 * Usage: node leaf-program.ts <mysql url> <tag> <lives> <perLife> [careless]
 *
 * `careless` reads and writes without the row's lock: what a migration must not do, to see that the test would
 * notice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, type RowDataPacket } from 'mysql2/promise';

const MAX_STEP = 1_000_000;
const [url = '', tag = '', lives = '1', perLife = '1', careless] = process.argv.slice(2);
const pool = createPool(url);
const issued: [number, number][] = [];

interface Row extends RowDataPacket {
  max_id: number;
  step: number;
}

/** `[max_id − step, max_id)`, as Leaf computes it. */
async function load(step: number | undefined): Promise<{ start: number; end: number; step: number }> {
  const connection = await pool.getConnection();
  try {
    if (careless !== undefined) {
      const [[row]] = await connection.query<Row[]>('SELECT max_id, step FROM leaf_alloc WHERE biz_tag = ?', [
        tag,
      ]);
      if (row === undefined) throw new Error('no row');
      const taken = step ?? row.step;
      await sleep(20);
      await connection.query('UPDATE leaf_alloc SET max_id = ? WHERE biz_tag = ?', [row.max_id + taken, tag]);
      return { start: row.max_id, end: row.max_id + taken, step: taken };
    }
    await connection.beginTransaction();
    if (step === undefined) {
      await connection.query('UPDATE leaf_alloc SET max_id = max_id + step WHERE biz_tag = ?', [tag]);
    } else {
      await connection.query('UPDATE leaf_alloc SET max_id = max_id + ? WHERE biz_tag = ?', [step, tag]);
    }
    const [[row]] = await connection.query<Row[]>(
      'SELECT biz_tag, max_id, step FROM leaf_alloc WHERE biz_tag = ?',
      [tag],
    );
    await connection.commit();
    if (row === undefined) throw new Error('no row');
    const taken = step ?? row.step;
    return { start: row.max_id - taken, end: row.max_id, step: taken };
  } finally {
    connection.release();
  }
}

for (let life = 0; life < Number(lives); life++) {
  let loads = 0;
  let step: number | undefined;
  const loadNext = async () => {
    if (loads >= 2 && step !== undefined && step * 2 <= MAX_STEP) step *= 2;
    const segment = await load(loads < 2 ? undefined : step);
    step = segment.step;
    loads += 1;
    return segment;
  };
  let left = Number(perLife);
  let current = await loadNext();
  while (left > 0) {
    // More than a tenth of the segment is used at once, so the other one is loaded beside it.
    const coming = loadNext();
    const take = Math.min(left, current.end - current.start);
    issued.push([current.start, current.start + take]);
    left -= take;
    current = await coming;
  }
  process.stdout.write(`life ${life + 1}\n`);
}
process.stdout.write(`issued ${JSON.stringify(issued)}\n`);
await pool.end();
