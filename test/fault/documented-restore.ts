import { runDocumented } from '../support/documented-commands.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { documentedUser } from './documented-user.ts';
import type { LostWriteArena } from './lost-write-arena.ts';

/** Backup and restore of an arena's MySQL by the commands of docs/operations.md. */
export class DocumentedRestore {
  readonly #arena: LostWriteArena;
  readonly #cwd: string;

  private constructor(arena: LostWriteArena, cwd: string) {
    this.#arena = arena;
    this.#cwd = cwd;
  }

  static async of(arena: LostWriteArena): Promise<DocumentedRestore> {
    return new DocumentedRestore(arena, await scratchDir('documented-restore'));
  }

  backUp(): Promise<void> {
    return this.#run('backup');
  }

  /** "MySQL is restored from yesterday", step by step. */
  async restore(): Promise<void> {
    const { coordinators } = this.#arena;
    await this.#run('redis-remembers');
    await Promise.all(coordinators.map((service) => service.stop()));
    await this.#run('restore');
    await Promise.all(coordinators.map((service) => service.restart('live')));
    await this.#run('mended');
  }

  async #run(block: string): Promise<void> {
    const { mysql, redis, coordinators } = this.#arena;
    const env = {
      ...(await documentedUser(mysql.url)),
      REDIS_URL: redis.url,
      KEY_PREFIX: 'leafcutter:',
      COORDINATOR: coordinators[0]?.url ?? '',
    };
    await runDocumented(block, { cwd: this.#cwd, env });
  }
}
