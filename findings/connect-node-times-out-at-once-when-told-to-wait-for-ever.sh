#!/usr/bin/env bash
# connect-node says deadline_exceeded at once if its timeout is Infinity or more than 24.8 days, while the server does the call.
#
# Guess: Infinity means no deadline, as in grpc-js, and thirty days mean thirty days, as gRPC's header can say both (the first by its
#   absence).
# What was seen: the timeout goes unchecked into a timer of Node, which runs after 1 ms. The call has been sent by then (given to a warm
#   connection), with `grpc-timeout: Infinitym`, or with more than the eight digits that gRPC allows; the server carries it out, and
#   the caller is told that its time is up.
# Seen with @connectrpc/connect-node 2.3.0, @grpc/grpc-js 1.14.7, Node 20.20, 2026-12-01:
#   connect, 24 days: ok, server did 1 (grpc-timeout: 2073600000m)
#   connect, 30 days: [deadline_exceeded] the operation timed out, server did 1 (grpc-timeout: 2592000000m)
#   connect, Infinity: [deadline_exceeded] the operation timed out, server did 1 (grpc-timeout: Infinitym)
#   grpc-js, 30 days: ok, server did 1 (grpc-timeout: 2592000S)
#   grpc-js, Infinity: ok, server did 1 (grpc-timeout: none)
# Why it matters here: each call of such a client draws an ID and fails, and it fails faster the longer it was allowed to wait.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts @connectrpc/connect@2.3.0 @connectrpc/connect-node@2.3.0 \
  @bufbuild/protobuf@2.17.0 @grpc/grpc-js@1.14.7 >/dev/null 2>&1 || exit 2
cat >try.mjs <<'JS'
import { createServer } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { create, createFileRegistry } from '@bufbuild/protobuf';
import { file_google_protobuf_wrappers as wrappers, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import grpc from '@grpc/grpc-js';

let drawn = [];
const server = createServer().on('stream', (stream, fields) => {
  stream.on('error', () => {});
  stream.resume().once('end', async () => {
    drawn.push(fields['grpc-timeout'] ?? 'none');
    await sleep(50);
    if (stream.destroyed) return;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 7]));
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = `127.0.0.1:${server.address().port}`;
const type = '.google.protobuf.UInt64Value';
const file = {
  name: 'ids.proto', package: 'ids', syntax: 'proto3', dependency: [wrappers.proto.name],
  service: [{ name: 'Ids', method: [{ name: 'Next', inputType: type, outputType: type }] }],
};
const service = createFileRegistry(create(FileDescriptorSetSchema, { file: [wrappers.proto, file] })).getService('ids.Ids');
const connect = createClient(service, createGrpcTransport({ baseUrl: `http://${address}` }));
const same = (bytes) => bytes;
const stub = new grpc.Client(address, grpc.credentials.createInsecure());
const grpcjs = (deadline) =>
  new Promise((resolve, reject) =>
    stub.makeUnaryRequest('/ids.Ids/Next', same, same, Buffer.from([8, 1]), { deadline }, (error, value) =>
      error ? reject(error) : resolve(value)));
async function call(name, next) {
  drawn = [];
  let end = 'ok';
  try {
    await next();
  } catch (error) {
    end = error.message;
  }
  await sleep(100);
  console.log(`${name}: ${end}, server did ${drawn.length}${drawn.length ? ` (grpc-timeout: ${drawn})` : ''}`);
}
await connect.next({ value: 1n });
await grpcjs(Infinity);
const month = 30 * 24 * 3600 * 1000;
await call('connect, 24 days', () => connect.next({ value: 1n }, { timeoutMs: 24 * 24 * 3600 * 1000 }));
await call('connect, 30 days', () => connect.next({ value: 1n }, { timeoutMs: month }));
await call('connect, Infinity', () => connect.next({ value: 1n }, { timeoutMs: Infinity }));
await call('grpc-js, 30 days', () => grpcjs(new Date(Date.now() + month)));
await call('grpc-js, Infinity', () => grpcjs(Infinity));
process.exit();
JS
timeout 60 node try.mjs 2>/dev/null | tee seen
[ "$(cat seen)" = 'connect, 24 days: ok, server did 1 (grpc-timeout: 2073600000m)
connect, 30 days: [deadline_exceeded] the operation timed out, server did 1 (grpc-timeout: 2592000000m)
connect, Infinity: [deadline_exceeded] the operation timed out, server did 1 (grpc-timeout: Infinitym)
grpc-js, 30 days: ok, server did 1 (grpc-timeout: 2592000S)
grpc-js, Infinity: ok, server did 1 (grpc-timeout: none)' ] || { echo "behaves otherwise now" >&2; exit 1; }
