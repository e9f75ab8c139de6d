import type { Arena } from './arena.ts';

/** Tables whose rows are never taken away from under a waiting lock; they are set back in place. */
const COUNTERS = {
  leaf_alloc: { key: 'biz_tag', set: ['max_id', 'step'] },
  leafcutter_machine: { key: 'machine_id', set: ['ceiling_ms', 'window_ms', 'agent_id', 'instance_id'] },
  leafcutter_deployment: {
    key: 'singleton',
    set: ['generation', 'confirmed_at_ms', 'sweep', 'swept_at_ms'],
  },
} as const;
const OTHERS = ['leafcutter_tag', 'leafcutter_ledger'] as const;

/** MySQL's state at a moment, kept beside the tables themselves. */
export class Snapshot {
  readonly #arena: Arena;

  private constructor(arena: Arena) {
    this.#arena = arena;
  }

  static async take(arena: Arena): Promise<Snapshot> {
    const tables = [...Object.keys(COUNTERS), ...OTHERS];
    for (const table of tables) {
      await arena.operator.mysql.query(`DROP TABLE IF EXISTS saved_${table}`);
      await arena.operator.mysql.query(`CREATE TABLE saved_${table} LIKE ${table}`);
    }
    await arena.transaction(async (mysql) => {
      // Every allocation holds one of these rows, so none is in between.
      for (const table of Object.keys(COUNTERS)) await mysql.query(`SELECT * FROM ${table} FOR UPDATE`);
      for (const table of tables) await mysql.query(`INSERT INTO saved_${table} SELECT * FROM ${table}`);
    });
    return new Snapshot(arena);
  }

  /** MySQL forgets everything since, as a restored backup does. `meanwhile` runs while no range can be allocated. */
  async restore(meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
    await this.#arena.transaction(async (mysql) => {
      for (const table of Object.keys(COUNTERS)) await mysql.query(`SELECT * FROM ${table} FOR UPDATE`);
      await this.#arena.ledger.remember(mysql);
      for (const [table, { key, set }] of Object.entries(COUNTERS)) {
        const assignments = set.map((column) => `now.${column} = saved.${column}`).join(', ');
        await mysql.query(`UPDATE ${table} now JOIN saved_${table} saved USING (${key}) SET ${assignments}`);
      }
      for (const table of OTHERS) {
        await mysql.query(`DELETE FROM ${table}`);
        await mysql.query(`INSERT INTO ${table} SELECT * FROM saved_${table}`);
      }
      await meanwhile();
    });
  }
}
