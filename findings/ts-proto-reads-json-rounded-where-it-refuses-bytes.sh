#!/usr/bin/env bash
# ts-proto throws for an ID above 2^53 that comes as bytes, and rounds the same ID if it comes as JSON, where it is a string.
#
# Guess: the default, IDs as numbers, is guarded wherever a message comes in: what decode refuses as "larger than MAX_SAFE_INTEGER",
#   fromJSON refuses too, the more so as protobuf's JSON holds all digits.
# What was seen: fromJSON passes the string to Number() and keeps what comes out, in fields, lists, map values, wrappers and map keys: two
#   entries of a map become one. With forceLong=string both ways are exact.
# Seen with ts-proto 2.18.0, @bufbuild/protobuf 2.17.0, grpcio-tools 1.85.1, Node 20.20, 2026-12-01:
#   number, decode: Value is larger than Number.MAX_SAFE_INTEGER
#   number, fromJSON: {"id":9007199254740992,"many":[9007199254740992],"names":{"9007199254740992":"bob"}}
#   string, decode: {"id":"9007199254740993","many":[],"names":{}}
#   string, fromJSON: {"id":"9007199254740993","many":["9007199254740993"],"names":{"9007199254740992":"ann","9007199254740993":"bob"}}
# Why it matters here: tests over gRPC show the limit, so a team thinks that it would be told; its JSON gateway hands out IDs of other
#   records without a word.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm install --silent --no-audit --no-fund ts-proto@2.18.0 @bufbuild/protobuf@2.17.0 esbuild@0.25.0 >/dev/null 2>&1 || exit 2
python3 -m venv venv >/dev/null 2>&1 && venv/bin/pip install -q grpcio-tools==1.85.1 >/dev/null 2>&1 || exit 2
cat >ids.proto <<'PROTO'
syntax = "proto3";
package ids;
message Ids { uint64 id = 1; repeated uint64 many = 2; map<uint64, string> names = 3; }
PROTO
generate() {
  mkdir "$1" && venv/bin/python -m grpc_tools.protoc -I. --plugin=node_modules/.bin/protoc-gen-ts_proto --ts_proto_out="$1" \
    --ts_proto_opt="$2" ids.proto >/dev/null 2>&1 &&
    node_modules/.bin/esbuild "$1/ids.ts" --bundle --platform=node --format=esm --outfile="$1/ids.mjs" >/dev/null 2>&1
}
generate number esModuleInterop=true && generate string forceLong=string || exit 2
cat >try.mjs <<'JS'
import { Ids as AsNumber } from './number/ids.mjs';
import { Ids as AsString } from './string/ids.mjs';

const json = { id: '9007199254740993', many: ['9007199254740993'], names: { '9007199254740992': 'ann', '9007199254740993': 'bob' } };
const bytes = AsString.encode(AsString.fromJSON({ id: json.id })).finish();
function show(name, read) {
  try {
    console.log(`${name}: ${JSON.stringify(read())}`);
  } catch (error) {
    console.log(`${name}: ${error.message}`);
  }
}
show('number, decode', () => AsNumber.decode(bytes));
show('number, fromJSON', () => AsNumber.fromJSON(json));
show('string, decode', () => AsString.decode(bytes));
show('string, fromJSON', () => AsString.fromJSON(json));
JS
node try.mjs | tee seen
[ "$(cat seen)" = 'number, decode: Value is larger than Number.MAX_SAFE_INTEGER
number, fromJSON: {"id":9007199254740992,"many":[9007199254740992],"names":{"9007199254740992":"bob"}}
string, decode: {"id":"9007199254740993","many":[],"names":{}}
string, fromJSON: {"id":"9007199254740993","many":["9007199254740993"],"names":{"9007199254740992":"ann","9007199254740993":"bob"}}' ] || { echo "behaves otherwise now" >&2; exit 1; }
