import { file } from '@leafcutter/shared/config/setting-kinds';

/** Whom the agent trusts as a coordinator, and as whom it comes. */
export const linkSettings = {
  coordinatorTls: {
    caFile: file({
      optional: true,
      reloads: true,
      doc: 'Certificates (PEM) of the authorities that sign the coordinators’; default: those that Node knows.',
    }),
    certFile: file({
      optional: true,
      reloads: true,
      doc: 'Certificate (PEM) to show to coordinators that ask for one.',
    }),
    keyFile: file({ optional: true, reloads: true, doc: 'Private key (PEM) of certFile.' }),
  },
};
