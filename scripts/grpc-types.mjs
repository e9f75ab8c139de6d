/** Makes the TypeScript types of the agent's gRPC messages from its proto files. */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const agent = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages', 'agent');

export const GENERATED = join(agent, 'src', 'generated');

const PROTOS = [
  'leafcutter/v1/id_service.proto',
  'go-leaf/greeter.proto',
  'google/rpc/error_details.proto',
  'grpc/health/v1/health.proto',
];

/** Writes the types into `folder`; returns what went wrong, or nothing. */
export function writeGrpcTypes(folder) {
  const shape = ['--keepCase', '--longs', 'String', '--defaults'];
  const form = ['--grpcLib', '@grpc/grpc-js', '--importFileExtension', '.ts'];
  const tool = join(agent, 'node_modules', '.bin', 'proto-loader-gen-types');
  const { status, stderr } = spawnSync(tool, [...shape, ...form, '-I', 'proto', '-O', folder, ...PROTOS], {
    cwd: agent,
    encoding: 'utf8',
  });
  if (status !== 0) return `proto-loader-gen-types: ${stderr}`;
  // The generator also writes one file per proto file, for clients that are made at run time. Nobody here uses them.
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())) {
    rmSync(join(folder, name));
  }
  return undefined;
}
