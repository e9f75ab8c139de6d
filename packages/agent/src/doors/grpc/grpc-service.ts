import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';

/** A service of a gRPC server. */
export interface GrpcService {
  /** With its package. */
  readonly name: string;
  readonly protos: PackageDefinition;
  readonly handlers: UntypedServiceImplementation;
  /** Ends what would stay open for ever. */
  finish(): void;
}
