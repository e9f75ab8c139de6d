import { file } from '@leafcutter/shared/config/setting-kinds';

/** Whom a TLS connection to a store trusts, and as whom it comes. */
export function tlsSettings(store: string) {
  return {
    caFile: file({
      optional: true,
      doc: `CA certificates (PEM) for ${store}’s certificate; default: the ones that Node trusts.`,
    }),
    certFile: file({
      optional: true,
      doc: `Client certificate (PEM), if ${store} asks for one.`,
    }),
    keyFile: file({ optional: true, doc: 'Private key (PEM) of certFile.' }),
  };
}
