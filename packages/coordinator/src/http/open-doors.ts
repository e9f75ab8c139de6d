import type { Clock } from '@leafcutter/shared/clock';
import { CurrentTls } from '@leafcutter/shared/current-tls';
import type { CrowdLimits } from '@leafcutter/shared/http/crowd';
import { listen, type ServerTls } from '@leafcutter/shared/http/listen';
import type { Logger } from '@leafcutter/shared/logger';
import type { TlsTexts } from '@leafcutter/shared/tls-files';
import type { Express } from 'express';
import type { CoordinatorConfig } from '../settings/settings.ts';

/** If a certificate ends within this time, that is logged at start. */
const SOON_MS = 14 * 86_400_000;

/** The coordinator's open doors. */
export interface Doors {
  /** Of `listen`; `https://…` if it speaks TLS. */
  readonly url: string;
  /** When its certificate ends, unix milliseconds; undefined without TLS. */
  certificateEndsAtMs(): number | undefined;
  /** Shows what stands in the certificate's files now, to new connections. @throws StartError if it cannot be used */
  renewCertificate(): void;
  /** From now on each answer ends its connection; new ones are still taken. */
  drain(): void;
  close(drainMs: number): Promise<void>;
}

/** Opens `listen`, and `opsListen` if it is set, or none. @throws StartError that names the setting that is wrong */
export async function openDoors(
  config: CoordinatorConfig,
  { app, ops }: { app: Express; ops: Express },
  clock: Clock,
  log: Logger,
): Promise<Doors> {
  const main = await openSecured(config, app, clock, log);
  if (config.opsListen === undefined) return main;
  try {
    const second = await listen(config.opsListen, ops, 'opsListen', { limits: limitsOf(config) });
    return {
      ...main,
      drain() {
        main.drain();
        second.drain();
      },
      async close(drainMs) {
        await Promise.all([main.close(drainMs), second.close(drainMs)]);
      },
    };
  } catch (error) {
    await main.close(0);
    throw error;
  }
}

/** The main door, with TLS if `tls` says so. */
async function openSecured(
  config: CoordinatorConfig,
  app: Express,
  clock: Clock,
  log: Logger,
): Promise<Doors> {
  const limits = limitsOf(config);
  const { certFile, keyFile, clientCaFile: caFile } = config.tls;
  if (certFile === undefined) {
    const { address, drain, close } = await listen(config.listen, app, 'listen', { limits });
    const none = () => undefined;
    return { url: `http://${address}`, drain, close, certificateEndsAtMs: none, renewCertificate: none };
  }
  const current = new CurrentTls('tls', { certFile, keyFile, caFile });
  const { address, drain, close, renew } = await listen(config.listen, app, 'listen', {
    limits,
    tls: serverTls(current.texts),
  });
  const endsAtMs = current.endsAtMs ?? Number.POSITIVE_INFINITY;
  if (endsAtMs - clock.now() < SOON_MS) {
    const ends = new Date(endsAtMs).toISOString();
    log.warn(
      { certFile, ends },
      endsAtMs < clock.now() ? 'the certificate has ended' : 'the certificate ends soon',
    );
  }
  return {
    url: `https://${address}`,
    certificateEndsAtMs: () => current.endsAtMs,
    renewCertificate() {
      current.renew();
      renew(serverTls(current.texts));
    },
    drain,
    close,
  };
}

/** The bounds of a door. */
export function limitsOf({
  maxConnections: most,
  maxConnectionsPerAddress: perAddress,
}: Pick<CoordinatorConfig, 'maxConnections' | 'maxConnectionsPerAddress'>): CrowdLimits {
  return { most, perAddress };
}

function serverTls({ cert = '', key = '', ca }: TlsTexts): ServerTls {
  return { cert, key, ...(ca === undefined ? {} : { ca }) };
}
