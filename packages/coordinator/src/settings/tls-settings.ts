import { file } from '@leafcutter/shared/config/setting-kinds';

/** Whom a TLS connection to a store trusts, and as whom it comes. */
export function tlsSettings(store: string) {
  return {
    caFile: file({
      optional: true,
      doc: `Certificates (PEM) of the authorities that sign ${store}’s; default: those that Node knows.`,
    }),
    certFile: file({
      optional: true,
      doc: `Certificate (PEM) to show if ${store} asks for one.`,
    }),
    keyFile: file({ optional: true, doc: 'Private key (PEM) of certFile.' }),
  };
}
