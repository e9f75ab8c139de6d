#!/usr/bin/env bash
# The BigInt and Long of graphql-scalars are numbers up to 2^53 and BigInts or strings from there on, on both sides.
#
# Guess: a resolver gets a BigInt for each value of the scalar BigInt, and a client gets each as a string, or each as a number.
# What was seen: a resolver gets a number for small IDs, so `id === 5n` is false and `id + 1n` throws; from 2^53 on it gets a BigInt. A client
#   gets a JSON number first and a string later.
# Seen with graphql-scalars 2.0.0, graphql 16.15.0, Node 20.20, 2026-12-01:
#   BigInt 9007199254740991: resolver number, client number, id + 1n TypeError
#   BigInt 9007199254740993: resolver bigint, client string, id + 1n works
#   Long 9007199254740991: resolver number, client number, id + 1n TypeError
#   Long 9007199254740993: resolver bigint, client string, id + 1n works
# Why it matters here: what was written and tested for small IDs fails for those above 2^53, and the other way round. Use the type ID.
set -uo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund --ignore-scripts graphql-scalars@2.0.0 graphql@16.15.0 >/dev/null 2>&1 || exit 2
cat >try.cjs <<'JS'
const { GraphQLObjectType, GraphQLSchema, graphqlSync } = require('graphql');
const { GraphQLBigInt, GraphQLLong } = require('graphql-scalars');
for (const [name, type] of Object.entries({ BigInt: GraphQLBigInt, Long: GraphQLLong })) {
  for (const id of ['9007199254740991', '9007199254740993']) {
    let seen;
    const resolve = (_, args) => {
      seen = args.id;
      return args.id;
    };
    const query = new GraphQLObjectType({ name: 'Query', fields: { row: { type, args: { id: { type } }, resolve } } });
    const { data } = graphqlSync({ schema: new GraphQLSchema({ query }), source: `{ row(id: ${id}) }` });
    let sum = 'works';
    try {
      seen + 1n;
    } catch (error) {
      sum = error.name;
    }
    console.log(`${name} ${id}: resolver ${typeof seen}, client ${typeof JSON.parse(JSON.stringify(data)).row}, id + 1n ${sum}`);
  }
}
JS
node try.cjs >seen 2>err || { cat err >&2; exit 1; }
cat seen
diff seen - <<'SEEN'
BigInt 9007199254740991: resolver number, client number, id + 1n TypeError
BigInt 9007199254740993: resolver bigint, client string, id + 1n works
Long 9007199254740991: resolver number, client number, id + 1n TypeError
Long 9007199254740993: resolver bigint, client string, id + 1n works
SEEN
