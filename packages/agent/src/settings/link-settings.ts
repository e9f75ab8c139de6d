import { file } from '@leafcutter/shared/config/setting-kinds';

/** Whom the agent trusts as a coordinator, and as whom it comes. */
export const linkSettings = {
  coordinatorTls: {
    caFile: file({
      optional: true,
      reloads: true,
      doc: 'CA certificates (PEM) for the coordinators’ certificates; default: the ones that Node trusts.',
    }),
    certFile: file({
      optional: true,
      reloads: true,
      doc: 'Client certificate (PEM), for coordinators that ask for one.',
    }),
    keyFile: file({ optional: true, reloads: true, doc: 'Private key (PEM) of certFile.' }),
  },
};
