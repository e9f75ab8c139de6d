import { EventStreams } from '@leafcutter/shared/http/event-stream';
import { badParameter } from '@leafcutter/shared/http/query';
import type { Request, Response } from 'express';
import { ALL_TAGS } from '../domain/fleet/fleet-watch.ts';
import { machineIdsLive } from '../domain/fleet/machine-ids.ts';
import { machineIds } from '../settings/settings.ts';
import type { Coordinator } from './coordinator.ts';

/** How many consoles may watch through one coordinator. */
const MAX_LISTENERS = 64;
/** A census asks both stores about every machine id, so not every look takes one. In milliseconds. */
const CENSUS_MS = 2_000;

/** What a listener wants to see, at most one of these; without any, the fleet. */
interface Watched {
  readonly tag?: string | undefined;
  readonly agent?: string | undefined;
  readonly view?: 'fleet' | 'machine-ids' | undefined;
}

/** `GET /v1/events`: the fleet, one tag, one agent or the machine ids, as server-sent events; each view is made once for all who watch it. */
export class FleetEvents {
  readonly #coordinator: Coordinator;
  readonly #streams = new EventStreams(MAX_LISTENERS);
  /** Views as JSON, made from the look at `#madeOf`. */
  readonly #made = new Map<string, string>();
  #madeOf: object | undefined;
  #lastCensus: string | undefined;
  #census: { readonly at: number; readonly json: Promise<string> } | undefined;

  constructor(coordinator: Coordinator) {
    this.#coordinator = coordinator;
  }

  open({ tag, agent, view }: Watched, req: Request, res: Response): void {
    if ([tag, agent, view].filter((wanted) => wanted !== undefined).length > 1)
      throw badParameter('view', 'cannot be combined with tag or agent');
    const { watch, access } = this.#coordinator;
    const send = this.#streams.open(res, () => access.guards.viewer(req));
    let isFirst = true;
    const tell = () => {
      if (watch.fleet === undefined || !watch.hasFound({ tag, agent })) return;
      if (tag !== undefined) {
        const history = isFirst ? { history: watch.rates(tag) } : {};
        send('tag', isFirst ? JSON.stringify({ ...watch.tag(tag), ...history }) : this.#tagJson(tag));
      } else if (agent !== undefined) {
        send('agent', this.#agentJson(agent));
      } else if (view === 'machine-ids') {
        // If a store is away, the last one is sent again: its time tells how old it is.
        this.#machineIdsJson().then(
          (json) => send('machine-ids', json),
          () => this.#lastCensus === undefined || send('machine-ids', this.#lastCensus),
        );
      } else if (isFirst) {
        send('fleet', JSON.stringify({ ...watch.fleet, history: watch.rates(ALL_TAGS) }));
      } else send('fleet', this.#fleetJson());
      isFirst = false;
    };
    // The result of the last look comes at once, and the next look right after it.
    tell();
    res.once('close', watch.subscribe(tell, { tag, agent }));
  }

  end(): void {
    this.#streams.endAll();
  }

  #fleetJson(): string {
    return this.#once('fleet', () => this.#coordinator.watch.fleet);
  }

  #tagJson(tag: string): string {
    return this.#once(`tag ${tag}`, () => this.#coordinator.watch.tag(tag));
  }

  #agentJson(agent: string): string {
    return this.#once(`agent ${agent}`, () => this.#coordinator.watch.agent(agent));
  }

  #once(key: string, make: () => unknown): string {
    const { fleet } = this.#coordinator.watch;
    if (this.#madeOf !== fleet) this.#made.clear();
    this.#madeOf = fleet;
    const json = this.#made.get(key) ?? JSON.stringify(make());
    this.#made.set(key, json);
    return json;
  }

  #machineIdsJson(): Promise<string> {
    const { clock, watch, config, census } = this.#coordinator;
    const now = clock.monotonic();
    if (this.#census === undefined || now - this.#census.at >= CENSUS_MS - 100) {
      const { first } = machineIds(config.snowflake);
      const json = machineIdsLive(census(), first, watch, clock.now()).then((live) => {
        this.#lastCensus = JSON.stringify(live);
        return this.#lastCensus;
      });
      this.#census = { at: now, json };
    }
    return this.#census.json;
  }
}
