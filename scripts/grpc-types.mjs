/** Makes the TypeScript types of the agent's gRPC messages from its proto files, and what reflection tells of them. */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const agent = join(root, 'packages', 'agent');

export const GENERATED = join(agent, 'src', 'generated');

const PROTOS = [
  'leafcutter/v1/id_service.proto',
  'go-leaf/greeter.proto',
  'google/rpc/status.proto',
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
  return writeDescriptors(folder);
}

/** The descriptors of the files as they are: those that proto-loader makes have other names, one per package. */
function writeDescriptors(folder) {
  const tool = join(root, 'test', 'node_modules', '.bin', 'buf');
  const flags = ['build', 'proto', '--as-file-descriptor-set', '--exclude-source-info', '--output', '-'];
  const { status, stdout, stderr } = spawnSync(tool, flags, { cwd: agent });
  if (status !== 0) return `buf: ${stderr}`;
  const lines = [...filesIn(stdout)].map((file) => `  '${file.toString('base64')}',\n`);
  const text = `/** The google.protobuf.FileDescriptorProto of each file that the doors' files use, in base64. */
export const DESCRIPTORS: readonly string[] = [\n${lines.join('')}];\n`;
  writeFileSync(join(folder, 'descriptors.ts'), text);
  return undefined;
}

/** The files of a FileDescriptorSet: each is a key of one byte, its length as a varint, and so many bytes. */
function* filesIn(set) {
  for (let at = 0; at < set.length; ) {
    let length = 0;
    let shift = 0;
    do {
      at += 1;
      length |= (set[at] & 0x7f) << shift;
      shift += 7;
    } while (set[at] > 0x7f);
    yield set.subarray(at + 1, at + 1 + length);
    at += 1 + length;
  }
}
