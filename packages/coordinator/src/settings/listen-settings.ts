import { int } from '@leafcutter/shared/config/number-kinds';
import { file } from '@leafcutter/shared/config/setting-kinds';

/** How the coordinator's door is secured and bounded. */
export const listenSettings = {
  maxConnections: int({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    doc: 'Connections held at once; more are closed as they come, unless one that was never answered gives way.',
  }),
  maxConnectionsPerAddress: int({
    optional: true,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
    doc: 'Connections that one client address, or 64 bits of version 6, holds; loopback is not bounded. By default none is: agents may come through one load balancer.',
  }),
  tls: {
    certFile: file({
      optional: true,
      reloads: true,
      doc: 'Certificate (PEM, with its chain) that is shown at listen, which then speaks TLS.',
    }),
    keyFile: file({ optional: true, reloads: true, doc: 'Private key (PEM) of certFile.' }),
    clientCaFile: file({
      optional: true,
      reloads: true,
      doc: 'Certificates (PEM) of the authorities that sign those of agents and admins; who shows none of these is refused.',
    }),
  },
};
