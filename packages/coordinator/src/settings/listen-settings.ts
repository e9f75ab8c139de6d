import { int } from '@leafcutter/shared/config/number-kinds';
import { file } from '@leafcutter/shared/config/setting-kinds';

/** How the coordinator's door is secured and bounded. */
export const listenSettings = {
  maxConnections: int({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    doc: 'Connections held at once. A further one is closed, unless one that was never answered can give way.',
  }),
  maxConnectionsPerAddress: int({
    optional: true,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    doc: 'Connections that one client address (with IPv6, one /64) may hold. Loopback isn’t bounded. By default no address is, because agents may come through one load balancer.',
  }),
  tls: {
    certFile: file({
      optional: true,
      reloads: true,
      doc: 'Certificate (PEM, with its chain) of listen, which then speaks TLS.',
    }),
    keyFile: file({ optional: true, reloads: true, doc: 'Private key (PEM) of certFile.' }),
    clientCaFile: file({
      optional: true,
      reloads: true,
      doc: 'Certificates (PEM) of the authorities that sign those of agents and admins. A client without such a certificate is refused.',
    }),
  },
};
