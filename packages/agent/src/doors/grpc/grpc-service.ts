import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import type { Door } from '../../metrics/metrics.ts';

/** A service of a gRPC server. */
export interface GrpcService {
  /** With its package. */
  readonly name: string;
  readonly protos: PackageDefinition;
  /** The door's name under which its IDs and connections are counted. */
  readonly door: Door;
  readonly handlers: UntypedServiceImplementation;
  /** Ends calls that would otherwise stay open for ever. */
  finish(): void;
}
