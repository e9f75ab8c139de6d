import type { Coordinator } from '@leafcutter/coordinator/http/coordinator';
import type { CoordinatorDoor } from '@leafcutter/coordinator/http/endpoint';
import { AGENT_ENDPOINTS } from '@leafcutter/coordinator/http/endpoints/agents';
import { LEASE_ENDPOINTS } from '@leafcutter/coordinator/http/endpoints/leases';
import { SEGMENT_ENDPOINTS } from '@leafcutter/coordinator/http/endpoints/segments';
import { FleetEvents } from '@leafcutter/coordinator/http/events';
import { toLeafcutterError } from '@leafcutter/shared/errors';
import { WIRE_HEADER, WIRE_VERSION } from '@leafcutter/shared/wire-version';

const ENDPOINTS = new Map(
  [...SEGMENT_ENDPOINTS, ...LEASE_ENDPOINTS, ...AGENT_ENDPOINTS].map((endpoint) => [endpoint.at, endpoint]),
);

type Exchange = Parameters<(typeof SEGMENT_ENDPOINTS)[number]['handle']>;

/** An address that agents ask. */
export type Asked =
  | 'POST /v1/leases'
  | 'POST /v1/leases/{machineId}/renew'
  | 'POST /v1/agents/report'
  | 'POST /v1/tags/{tag}/segments';

/**
 * The coordinator's own endpoints in process: guards, paces, validation, handlers and answers as over HTTP, without Express,
 * a socket and Node's parser between.
 */
export class FleetDoor {
  readonly #door: CoordinatorDoor;

  constructor(coordinator: Coordinator) {
    const { metrics } = coordinator;
    const events = new FleetEvents(coordinator);
    this.#door = { coordinator, events, page: undefined, scrape: () => metrics.scrape() };
  }

  /** Resolves to the answer as JSON. @throws LeafcutterError as the endpoint answers it */
  async ask(at: Asked, params: Readonly<Record<string, string>>, body: object): Promise<string> {
    const { access, metrics } = this.#door.coordinator;
    const endpoint = ENDPOINTS.get(at);
    if (endpoint?.access === undefined) throw new Error(`${at} is no endpoint of agents`);
    const headers = { [WIRE_HEADER]: String(WIRE_VERSION) };
    // What the endpoints read of a request and do with a response; see `endpoint.ts`.
    const request = { headers, params, query: {}, body } as unknown as Exchange[1];
    let answer = '';
    const response = {
      statusCode: 200,
      setHeader: () => undefined,
      end(text: string) {
        answer = text;
      },
    } as unknown as Exchange[2];
    try {
      access.guards[endpoint.access](request);
      await endpoint.handle(this.#door, request, response);
      return answer;
    } catch (thrown) {
      const error = toLeafcutterError(thrown);
      metrics.failed(error);
      throw error;
    }
  }
}
