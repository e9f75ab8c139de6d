import { file } from '@leafcutter/shared/config/setting-kinds';

/** The certificate that the agent's doors show. */
export const doorTlsSettings = {
  tls: {
    certFile: file({
      optional: true,
      reloads: true,
      doc: 'Certificate (PEM), with those that it needs: listen, grpc.listen, goLeaf.grpcListen and resp.listen then speak TLS, and nothing else. Unix sockets and opsListen do not.',
    }),
    keyFile: file({ optional: true, reloads: true, doc: 'Private key (PEM) of certFile.' }),
    clientCaFile: file({
      optional: true,
      reloads: true,
      doc: 'Certificates (PEM) of the authorities that sign those of clients: then only clients that show one are let in, beside having a token.',
    }),
  },
};
