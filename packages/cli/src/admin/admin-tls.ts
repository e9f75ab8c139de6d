/** Whom an admin trusts, and what it shows to a coordinator that speaks TLS: names of files (PEM). */
export const ADMIN_TLS_VARIABLES = {
  caFile: 'LEAFCUTTER_COORDINATOR_CA_FILE',
  certFile: 'LEAFCUTTER_COORDINATOR_CERT_FILE',
  keyFile: 'LEAFCUTTER_COORDINATOR_KEY_FILE',
} as const;

/** Ends the help of each command that asks a coordinator. */
export const ADMIN_TLS_HELP = `
If the coordinator speaks TLS, LEAFCUTTER_COORDINATOR_CA_FILE names the authority to trust, unless Node trusts it already. If
it asks for a client certificate, LEAFCUTTER_COORDINATOR_CERT_FILE and LEAFCUTTER_COORDINATOR_KEY_FILE name it and its key.
`;
