#!/usr/bin/env bash
# connect-node reports a server that went away in the middle of a call as "canceled" (HTTP/2) or "aborted" (HTTP/1.1).
#
# Guess: "unavailable", as gRPC says for a transport that breaks, and as grpc-js says on the same connection. "canceled" means that
#   the caller gave up, "aborted" that another transaction was in the way.
# What was seen: that code is used only for a connection that could not be made. One that ends while the call is on its way is
#   "canceled" with HTTP/2, with the gRPC protocol and Connect's own, and "aborted" with HTTP/1.1.
# Seen with @connectrpc/connect-node 2.3.0, @grpc/grpc-js 1.14.7, Node 20.20, 2026-12-01:
#   connect, Connect over HTTP/1.1: Aborted, server did 1
#   connect, Connect over HTTP/2: Canceled, server did 1
#   connect, gRPC: Canceled, server did 1
#   connect, gRPC, nobody listens: Unavailable, server did 0
#   grpc-js: Unavailable, server did 1
# Why it matters here: retry rules name UNAVAILABLE and pass over a restart of the ID server; dashboards that leave out CANCELLED, as
#   the caller's own doing, leave out the outage; and the ID that the server drew is lost like one that nobody waited for.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts @connectrpc/connect@2.3.0 @connectrpc/connect-node@2.3.0 \
  @bufbuild/protobuf@2.17.0 @grpc/grpc-js@1.14.7 >/dev/null 2>&1 || exit 2
cat >try.mjs <<'JS'
import { createServer as createHttp1 } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { create, createFileRegistry } from '@bufbuild/protobuf';
import { file_google_protobuf_wrappers as wrappers, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Code, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import grpc from '@grpc/grpc-js';

// Both servers read a call whole and then close the connection, as one does that is ended.
let drawn = 0;
const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${server.address().port}`)));
const one = await listen(createHttp1((call) => call.resume().once('end', () => (drawn++, call.socket.destroy()))));
const sockets = new Set();
const second = createHttp2().on('session', (session) => session.on('error', () => {}));
second.on('connection', (socket) => sockets.add(socket));
second.on('stream', (stream) => {
  stream.on('error', () => {});
  stream.resume().once('end', () => {
    drawn++;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  });
});
const two = await listen(second);
const type = '.google.protobuf.UInt64Value';
const file = {
  name: 'ids.proto', package: 'ids', syntax: 'proto3', dependency: [wrappers.proto.name],
  service: [{ name: 'Ids', method: [{ name: 'Next', inputType: type, outputType: type }] }],
};
const service = createFileRegistry(create(FileDescriptorSetSchema, { file: [wrappers.proto, file] })).getService('ids.Ids');
const same = (bytes) => bytes;
const grpcjs = (address) =>
  new Promise((resolve, reject) =>
    new grpc.Client(address, grpc.credentials.createInsecure()).makeUnaryRequest('/ids.Ids/Next', same, same, Buffer.from([8, 1]), (error) =>
      error ? reject(error) : resolve()));
const connect = (transport) => createClient(service, transport).next({ value: 1n });
const gone = '127.0.0.1:1';
async function call(name, next) {
  drawn = 0;
  const end = await next().then(() => 'ok', ({ code }) => Code[code]);
  console.log(`${name}: ${end}, server did ${drawn}`);
}
await call('connect, Connect over HTTP/1.1', () => connect(createConnectTransport({ baseUrl: `http://${one}`, httpVersion: '1.1' })));
await call('connect, Connect over HTTP/2', () => connect(createConnectTransport({ baseUrl: `http://${two}`, httpVersion: '2' })));
await call('connect, gRPC', () => connect(createGrpcTransport({ baseUrl: `http://${two}` })));
await call('connect, gRPC, nobody listens', () => connect(createGrpcTransport({ baseUrl: `http://${gone}` })));
await call('grpc-js', () => grpcjs(two));
process.exit();
JS
timeout 60 node try.mjs 2>/dev/null | tee seen
[ "$(cat seen)" = 'connect, Connect over HTTP/1.1: Aborted, server did 1
connect, Connect over HTTP/2: Canceled, server did 1
connect, gRPC: Canceled, server did 1
connect, gRPC, nobody listens: Unavailable, server did 0
grpc-js: Unavailable, server did 1' ] || { echo "behaves otherwise now" >&2; exit 1; }
