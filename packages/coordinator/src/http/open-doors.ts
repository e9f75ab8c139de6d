import type { RequestListener } from 'node:http';
import type { Clock } from '@leafcutter/shared/clock';
import { CurrentTls } from '@leafcutter/shared/current-tls';
import type { CrowdLimits } from '@leafcutter/shared/http/crowd';
import { FEW_FILES, fitConnections } from '@leafcutter/shared/http/descriptors';
import { type HttpListening, listen, type ServerTls } from '@leafcutter/shared/http/listen';
import type { Logger } from '@leafcutter/shared/logger';
import type { TlsTexts } from '@leafcutter/shared/tls-files';
import type { Express } from 'express';
import type { CoordinatorConfig } from '../settings/settings.ts';

/** If a certificate ends within this time, that is logged at start. */
const SOON_MS = 14 * 86_400_000;

/** The coordinator's open main door. */
export interface MainDoor {
  /** `https://…` if it speaks TLS. */
  readonly url: string;
  /** When its certificate ends, unix milliseconds; undefined without TLS. */
  certificateEndsAtMs(): number | undefined;
  /** Shows what stands in the certificate's files now, to new connections. @throws StartError if it cannot be used */
  renewCertificate(): void;
  /** From now on each answer ends its connection; new ones are still taken. */
  drain(): void;
  close(drainMs: number): Promise<void>;
}

/** The second door. It opens before the stores do. */
export interface OpsDoor extends Pick<HttpListening, 'drain' | 'close'> {
  /** Who answers from now on. */
  serve(app: RequestListener): void;
}

/** Opens `opsListen`, if it is set. @throws StartError if it cannot listen */
export async function openOpsDoor(
  config: CoordinatorConfig,
  first: RequestListener,
): Promise<OpsDoor | undefined> {
  if (config.opsListen === undefined) return undefined;
  let app = first;
  const current: RequestListener = (request, response) => app(request, response);
  const { drain, close } = await listen(config.opsListen, current, 'opsListen', { limits: limitsOf(config) });
  return {
    drain,
    close,
    serve(next) {
      app = next;
    },
  };
}

/** Opens `listen`, with TLS if `tls` says so. @throws StartError that names the setting that is wrong */
export async function openMainDoor(
  config: CoordinatorConfig,
  app: Express,
  clock: Clock,
  log: Logger,
): Promise<MainDoor> {
  const limits = limitsOf(config);
  if (limits.most < config.maxConnections) log.warn({ connections: limits.most }, FEW_FILES);
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
      endsAtMs < clock.now() ? 'the certificate has expired' : 'the certificate expires soon',
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
  maxConnections,
  maxConnectionsPerAddress: perAddress,
  opsListen,
}: Pick<CoordinatorConfig, 'maxConnections' | 'maxConnectionsPerAddress' | 'opsListen'>): CrowdLimits {
  return { most: fitConnections(maxConnections, opsListen === undefined ? 1 : 2), perAddress };
}

function serverTls({ cert = '', key = '', ca }: TlsTexts): ServerTls {
  return { cert, key, ...(ca === undefined ? {} : { ca }) };
}
