import { int } from '@leafcutter/shared/config/number-kinds';
import { file } from '@leafcutter/shared/config/setting-kinds';

/** How the coordinator's door is secured and bounded. */
export const listenSettings = {
  maxConnections: int({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    doc: 'Most connections at once. When the limit is reached, a new one replaces one that was never answered, or is closed.',
  }),
  maxConnectionsPerAddress: int({
    optional: true,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    doc: 'Most connections from one client address (for IPv6, one /64). Loopback isn’t limited. By default no address is, because agents may come through one load balancer.',
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
      doc: 'CA certificates (PEM) for the certificates of agents and admins. A client without a certificate signed by one of them is refused.',
    }),
  },
};
