import { fileURLToPath } from 'node:url';
import type { MessageTypeDefinition, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import type { ErrorInfo } from '../../generated/google/rpc/ErrorInfo.ts';
import type { RetryInfo } from '../../generated/google/rpc/RetryInfo.ts';
import type { Status } from '../../generated/google/rpc/Status.ts';

const FOLDER = fileURLToPath(new URL('../../../proto', import.meta.url));

/** A proto file as it is read: field names as written, 64-bit integers as strings, absent fields as their defaults. */
export function loadProto(file: string): PackageDefinition {
  return loadSync(file, { keepCase: true, longs: String, defaults: true, includeDirs: [FOLDER] });
}

/** The service of that name in a proto file that was read. */
export function serviceIn(protos: PackageDefinition, name: string): ServiceDefinition {
  const definition = protos[name];
  if (definition === undefined || 'format' in definition) throw new Error(`${name} is no service`);
  return definition as ServiceDefinition;
}

/** Encodes the standard messages of a failure. */
export interface FailureCodec {
  readonly status: (value: Status) => Buffer;
  readonly errorInfo: (value: ErrorInfo) => Buffer;
  readonly retryInfo: (value: RetryInfo) => Buffer;
}

export function loadFailureCodec(): FailureCodec {
  const protos = { ...loadProto('google/rpc/status.proto'), ...loadProto('google/rpc/error_details.proto') };
  const encoder = <T>(name: string) => (protos[name] as unknown as MessageTypeDefinition<T, T>).serialize;
  return {
    status: encoder<Status>('google.rpc.Status'),
    errorInfo: encoder<ErrorInfo>('google.rpc.ErrorInfo'),
    retryInfo: encoder<RetryInfo>('google.rpc.RetryInfo'),
  };
}
