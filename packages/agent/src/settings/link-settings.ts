import { path } from '@leafcutter/shared/config/setting-kinds';

/** Whom the agent trusts as a coordinator, and as whom it comes. */
export const linkSettings = {
  coordinatorTls: {
    caFile: path({
      optional: true,
      doc: 'Certificates (PEM) of the authorities that sign the coordinators’; default: those that Node knows. Read again when it changes.',
    }),
    certFile: path({
      optional: true,
      doc: 'Certificate (PEM) that is shown to the coordinators, where they ask for one; read again when it changes.',
    }),
    keyFile: path({ optional: true, doc: 'Private key (PEM) of certFile.' }),
  },
};
