import { sleep } from '@leafcutter/shared/clock';
import { systemClock } from '@leafcutter/shared/system-clock';
import { SimulatedDatabase } from '../stores/simulated-database.ts';
import { RedisServer, SimulatedRedis } from '../stores/simulated-redis.ts';
import { SimulatedRedisLink } from '../stores/simulated-redis-link.ts';
import { Host } from './host.ts';
import { Network } from './network.ts';
import { Process } from './process.ts';
import { Random } from './random.ts';
import { Scheduler } from './scheduler.ts';

/**
 * Simulated stores whose time runs with the real one, for suites without a scheduler. The clocks of its hosts begin
 * at the present time.
 */
export class FreeRunning {
  readonly scheduler = new Scheduler();
  readonly random = new Random(1, 'free running');
  readonly network = new Network(this.scheduler, this.random);
  readonly database = new SimulatedDatabase({ process: this.process('database'), scheduler: this.scheduler });
  readonly redis = new SimulatedRedis(new RedisServer(this.process('redis')));
  readonly #links: SimulatedRedisLink[] = [];
  readonly #running: Promise<void>;
  #stopped = false;
  #processes = 0;

  constructor() {
    this.#running = this.#run();
  }

  process(name = `process-${this.#processes++}`): Process {
    const host = new Host(this.scheduler, name);
    host.jump(systemClock.now() - host.wall());
    return new Process(this.scheduler, host);
  }

  link(process = this.process()): SimulatedRedisLink {
    const { redis, network } = this;
    const link = new SimulatedRedisLink({ process, redis, network, onChange: () => undefined });
    this.#links.push(link);
    return link;
  }

  /** Lets time pass for the clocks that keys expire by. */
  async elapse(ms: number): Promise<void> {
    this.redis.master.process.host.jump(ms);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const link of this.#links) link.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const begun = systemClock.monotonic();
    while (!this.#stopped) {
      await this.scheduler.runUntil(systemClock.monotonic() - begun);
      await sleep(systemClock, 0);
    }
  }
}
