#!/usr/bin/env bash
# betterproto's to_json writes a uint64 as a string, but as a number if it stands in a map or in a UInt64Value.
#
# Guess: protobuf's JSON has one rule for 64-bit integers, a string of digits, wherever they stand; a library that keeps it for a field
#   and for a list keeps it for a map's values and for the wrapper too.
# What was seen: betterproto keeps it for fields and lists only. protobuf's own JSON of the same message has strings everywhere. Reading
#   back in Python shows nothing, as both forms are read there exactly; a reader in JavaScript rounds the numbers.
# Seen with betterproto 1.2.5, protobuf 7.36.2, Node 20.20, 2026-12-01:
#   betterproto: {"id": "9007199254740993", "many": ["9007199254740993"], "byName": {"a": 9007199254740993}, "maybe": 9007199254740993}
#   protobuf:    {"id": "9007199254740993", "many": ["9007199254740993"], "byName": {"a": "9007199254740993"}, "maybe": "9007199254740993"}
#   betterproto, read in JavaScript: 9007199254740993 9007199254740993 9007199254740992 9007199254740992
# Why it matters here: an optional ID (the wrapper) and a table of IDs by name reach a web page as other IDs, while the plain ones beside
#   them are right.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
python3 -m venv venv >/dev/null 2>&1 &&
  venv/bin/pip install -q 'betterproto[compiler]==1.2.5' grpcio-tools==1.85.1 protobuf==7.36.2 >/dev/null 2>&1 || exit 2
cat >ids.proto <<'PROTO'
syntax = "proto3";
package better;
import "google/protobuf/wrappers.proto";
message Ids {
  uint64 id = 1;
  repeated uint64 many = 2;
  map<string, uint64> by_name = 3;
  google.protobuf.UInt64Value maybe = 4;
}
PROTO
mkdir out
PATH=$PWD/venv/bin:$PATH venv/bin/python -m grpc_tools.protoc -I. --python_out=. --python_betterproto_out=out ids.proto >/dev/null 2>&1 || exit 2
cat >try.py <<'PY'
import json, sys

import ids_pb2
from google.protobuf.json_format import MessageToDict

sys.path.insert(0, "out")
from better import Ids

id = 2**53 + 1
message = ids_pb2.Ids(id=id, many=[id], by_name={"a": id})
message.maybe.value = id
theirs = Ids().parse(message.SerializeToString()).to_json()
print("betterproto:", theirs)
print("protobuf:   ", json.dumps(MessageToDict(message)))
open("ids.json", "w").write(theirs)
PY
{
  venv/bin/python try.py
  node -e 'const m = JSON.parse(require("fs").readFileSync("ids.json", "utf8"));
console.log("betterproto, read in JavaScript:", ...[m.id, m.many[0], m.byName.a, m.maybe].map(String));'
} | tee seen
[ "$(cat seen)" = 'betterproto: {"id": "9007199254740993", "many": ["9007199254740993"], "byName": {"a": 9007199254740993}, "maybe": 9007199254740993}
protobuf:    {"id": "9007199254740993", "many": ["9007199254740993"], "byName": {"a": "9007199254740993"}, "maybe": "9007199254740993"}
betterproto, read in JavaScript: 9007199254740993 9007199254740993 9007199254740992 9007199254740992' ] ||
  { echo "behaves otherwise now" >&2; exit 1; }
