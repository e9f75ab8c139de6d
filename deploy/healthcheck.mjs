// The image's HEALTHCHECK: ends with 0 when the service in this container answers /livez. It asks for liveness only,
// because a service that is not ready for want of a store must not be restarted: that would not bring the store back.

/** Of coordinator and agent, where neither LEAFCUTTER_OPS_LISTEN nor LEAFCUTTER_LISTEN says. */
const DEFAULT_PORTS = ['8100', '8000'];
const ANSWER_WITHIN_MS = 2_000;

const configured = (process.env.LEAFCUTTER_OPS_LISTEN ?? process.env.LEAFCUTTER_LISTEN)?.split(':').at(-1);
const ports = configured ? [configured] : DEFAULT_PORTS;

try {
  await Promise.any(ports.map(askWhetherAlive));
} catch (error) {
  for (const cause of error.errors) process.stderr.write(`${cause.cause ?? cause}\n`);
  process.exitCode = 1;
}

async function askWhetherAlive(port) {
  const url = `http://127.0.0.1:${port}/livez`;
  const { status } = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (status !== 200) throw new Error(`${url} answered ${status}`);
}
