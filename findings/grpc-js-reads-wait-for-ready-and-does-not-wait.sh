#!/usr/bin/env bash
# grpc-js checks `waitForReady` of a service config and then does nothing with it; grpcio waits.
#
# Guess: a field that is parsed, and refused if it isn't a boolean, takes effect as `timeout` beside it does.
# What was seen: the call fails at once with UNAVAILABLE, as if the field weren't there. Only the call's own metadata option works. grpcio
#   with the same config waits for the server, which starts 1.5 s later.
# Seen with @grpc/grpc-js 1.14.7, grpcio 1.85.3, Node 20.20, Python 3.11, 2026-12-01:
#   grpc-js, no config: UNAVAILABLE
#   grpc-js, config: UNAVAILABLE
#   grpc-js, metadata option: answered
#   grpcio, config: answered
# Why it matters here: one config is handed to all services so that they outlast a restart of the ID server. The Python ones do; the
#   Node ones fail at once, although the config is accepted.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund --ignore-scripts @grpc/grpc-js@1.14.7 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q grpcio==1.85.3 >/dev/null 2>&1 || exit 2
cat >call.py <<'PY'
import sys, grpc
channel = grpc.insecure_channel(sys.argv[1], options=[("grpc.service_config", sys.argv[2])])
try:
    print(channel.unary_unary("/ids.Ids/Next")(b"", timeout=10).decode())
except grpc.RpcError as error:
    print(error.code().name)
PY
cat >try.mjs <<'JS'
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';

const same = (bytes) => bytes;
const shape = { next: { path: '/ids.Ids/Next', requestStream: false, responseStream: false, requestSerialize: same,
  requestDeserialize: same, responseSerialize: same, responseDeserialize: same } };
const config = (waitForReady) => JSON.stringify({ methodConfig: [{ name: [{}], waitForReady }] });
async function freeAddress() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${server.address().port}`;
  await new Promise((resolve) => server.close(resolve));
  return address;
}
async function late(name, next) {
  const address = await freeAddress();
  const server = new grpc.Server();
  server.addService(shape, { next: (_, answer) => answer(null, Buffer.from('answered')) });
  const timer = setTimeout(() => server.bindAsync(address, grpc.ServerCredentials.createInsecure(), () => {}), 1500);
  console.log(`${name}: ${await next(address)}`);
  clearTimeout(timer);
  server.forceShutdown();
}
const grpcjs = (serviceConfig, options) => (address) =>
  new Promise((resolve) => {
    const settings = serviceConfig === undefined ? {} : { 'grpc.service_config': serviceConfig };
    new grpc.Client(address, grpc.credentials.createInsecure(), settings).makeUnaryRequest('/ids.Ids/Next', same, same, Buffer.alloc(0),
      new grpc.Metadata(options), { deadline: Date.now() + 10_000 }, (error, bytes) => resolve(error ? grpc.status[error.code] : String(bytes)));
  });
await late('grpc-js, no config', grpcjs());
await late('grpc-js, config', grpcjs(config(true)));
await late('grpc-js, metadata option', grpcjs(undefined, { waitForReady: true }));
await late('grpcio, config', async (address) =>
  (await promisify(execFile)('venv/bin/python', ['call.py', address, config(true)])).stdout.trim());
process.exit();
JS
timeout 60 node try.mjs 2>/dev/null | tee seen
[ "$(cat seen)" = 'grpc-js, no config: UNAVAILABLE
grpc-js, config: UNAVAILABLE
grpc-js, metadata option: answered
grpcio, config: answered' ] || { echo "behaves otherwise now" >&2; exit 1; }
