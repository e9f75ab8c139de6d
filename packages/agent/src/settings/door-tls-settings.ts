import { file } from '@leafcutter/shared/config/setting-kinds';

/** The certificate that the agent's doors show. */
export const doorTlsSettings = {
  tls: {
    certFile: file({
      optional: true,
      reloads: true,
      doc: 'Certificate (PEM) with its chain. listen, grpc.listen, goLeaf.grpcListen and resp.listen then accept only TLS. Unix sockets and opsListen don’t use it.',
    }),
    keyFile: file({ optional: true, reloads: true, doc: 'Private key (PEM) of certFile.' }),
    clientCaFile: file({
      optional: true,
      reloads: true,
      doc: 'CA certificates (PEM) for clients’ certificates. If set, clients must present a certificate in addition to a token.',
    }),
  },
};
