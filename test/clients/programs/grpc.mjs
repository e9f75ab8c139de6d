/** gRPC clients of Node, tried one by one: `node grpc.mjs CLIENT ADDRESS KEY`. Prints one line of JSON. */
import grpc from '@grpc/grpc-js';

const [, address, key] = process.argv.slice(2);
const client = new grpc.Client(address, grpc.credentials.createInsecure());

function asked(tag, count) {
  const text = Buffer.from(tag);
  return Buffer.concat([
    Buffer.from([0x0a, text.length]),
    text,
    Buffer.from(count === 0 ? [] : [0x10, count]),
  ]);
}

/** Field 1 of an answer, a number or several; varints of less than 2^53. */
function numbersIn(bytes) {
  const found = [];
  let [value, weight] = [0, 1];
  const at = bytes[0] === 0x0a ? 2 : 1;
  for (const byte of bytes.subarray(at)) {
    value += (byte & 0x7f) * weight;
    weight *= 128;
    if (byte >= 0x80) continue;
    found.push(String(value));
    [value, weight] = [0, 1];
  }
  return found;
}

const call = (method, tag, count = 0) =>
  new Promise((resolve) => {
    const path = `/leafcutter.v1.IdService/${method}`;
    const same = (bytes) => bytes;
    client.makeUnaryRequest(path, same, same, asked(tag, count), (error, answer) => {
      resolve(error === null ? { value: numbersIn(answer) } : { error: error.message });
    });
  });

const given = { one: [] };
for (let n = 0; n < 3; n++) given.one.push(await call('NextId', key));
given.batch = await call('NextIds', key, 3);
given.missing = await call('NextId', 'no such');
process.stdout.write(`${JSON.stringify(given)}\n`, () => process.exit());
