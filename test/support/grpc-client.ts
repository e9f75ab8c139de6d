import {
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  makeClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import type { MessageTypeDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { loadProto, serviceIn } from '@leafcutter/agent/doors/grpc/protos';
import type { DrawRequest } from '@leafcutter/agent/generated/leafcutter/v1/DrawRequest';
import type { DrawResponse__Output } from '@leafcutter/agent/generated/leafcutter/v1/DrawResponse';

export const ID_SERVICE = serviceIn(loadProto('leafcutter/v1/id_service.proto'), 'leafcutter.v1.IdService');
export const GREETER = serviceIn(loadProto('go-leaf/greeter.proto'), 'proto.Greeter');

interface Answer {
  readonly error: ServiceError | null;
  readonly value: Record<string, unknown> | undefined;
}

type Unary = (
  request: object,
  metadata: Metadata,
  options: object,
  done: (error: ServiceError | null, value: Record<string, unknown> | undefined) => void,
) => void;

/** A client of this project's own gRPC stack, for what other clients do not show: codes, details, deadlines. */
export class GrpcClient implements Disposable {
  readonly #client: { close(): void; Draw?: unknown; Watch?: unknown };

  /** `ca`: certificates of the authorities that it trusts; without them, it speaks no TLS. */
  constructor(service: ServiceDefinition, port: number, ca?: Buffer) {
    const Client = makeClientConstructor(service as never, 'test');
    // A client of TLS says the server's name, and Node takes no address for one.
    const options = { 'grpc.ssl_target_name_override': 'localhost' };
    this.#client =
      ca === undefined
        ? new Client(`127.0.0.1:${port}`, credentials.createInsecure())
        : new Client(`127.0.0.1:${port}`, credentials.createSsl(ca), options);
  }

  call(method: string, request: object, more: { token?: string; deadlineMs?: number } = {}): Promise<Answer> {
    const metadata = new Metadata();
    if (more.token !== undefined) metadata.set('authorization', `Bearer ${more.token}`);
    const options = more.deadlineMs === undefined ? {} : { deadline: Date.now() + more.deadlineMs };
    const unary = (this.#client as unknown as Record<string, Unary>)[method];
    if (unary === undefined) throw new Error(`there is no ${method}`);
    return new Promise((resolve) => {
      unary.call(this.#client, request, metadata, options, (error, value) => resolve({ error, value }));
    });
  }

  draw(token?: string): ClientDuplexStream<DrawRequest, DrawResponse__Output> {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    type Draw = (metadata: Metadata) => ClientDuplexStream<DrawRequest, DrawResponse__Output>;
    return (this.#client.Draw as Draw).call(this.#client, metadata);
  }

  /** The result of one request on a stream: IDs, or the code of its failure. */
  static ask(
    stream: ClientDuplexStream<DrawRequest, DrawResponse__Output>,
    request: DrawRequest,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      stream.once('error', reject);
      stream.once('data', ({ ids, failure }: DrawResponse__Output) => {
        stream.off('error', reject);
        resolve(failure == null ? ids.join() : failure.code);
      });
      stream.write(request);
    });
  }

  watch(service: string): ClientReadableStream<{ status: number }> {
    type Watch = (request: object) => ClientReadableStream<{ status: number }>;
    return (this.#client.Watch as Watch).call(this.#client, { service });
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** The standard details of a failure, read with the public messages. */
export function detailsOf({ error }: Answer): unknown[] {
  const protos = { ...loadProto('google/rpc/status.proto'), ...loadProto('google/rpc/error_details.proto') };
  const read = (name: string, value: Buffer) =>
    (protos[name] as unknown as MessageTypeDefinition<object, Record<string, unknown>>).deserialize(value);
  const [bytes] = error?.metadata.get('grpc-status-details-bin') ?? [];
  const { details } = read('google.rpc.Status', bytes as Buffer) as {
    details: { type_url: string; value: Buffer }[];
  };
  return details.map(({ type_url, value }) => read(type_url.replace('type.googleapis.com/', ''), value));
}
