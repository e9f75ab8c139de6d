import { basename } from 'node:path';
import type { GenericContainer } from 'testcontainers';
import { OWNER_LABEL } from '../../scripts/run-engine.mjs';
import { ensureDockerEngine } from './docker-engine.ts';
import { freePort } from './ports.ts';
import { runFolder } from './scratch-dir.ts';

/**
 * A container that is reached on one fixed port of 127.0.0.1. Fixed, because a restart would change a random one; on
 * loopback only, because the network must not see a database without a password.
 */
export async function loopbackContainer(
  image: string,
  containerPort: number,
): Promise<{ readonly container: GenericContainer; readonly port: number }> {
  await ensureDockerEngine();
  const { GenericContainer } = await loadTestcontainers();
  class LoopbackContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      const key = `${containerPort}/tcp`;
      this.hostConfig.PortBindings = { [key]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] };
    }
  }
  const port = await freePort();
  const container = new LoopbackContainer(image)
    .withExposedPorts({ container: containerPort, host: port })
    .withLabels({ [OWNER_LABEL]: basename(runFolder()) });
  return { container, port };
}

/** testcontainers reads its settings while it loads, hence loading it late. */
function loadTestcontainers() {
  // The reaper's image cannot be pulled everywhere; instead the run removes its containers at its end.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  process.env.TESTCONTAINERS_HOST_OVERRIDE = '127.0.0.1';
  return import('testcontainers');
}
