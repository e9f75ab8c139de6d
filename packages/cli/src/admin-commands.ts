/** The commands that ask services which run: small, and much of them is the same, so they are loaded together. */
export { auditCommand } from './audit-command.ts';
export { explainCommand } from './explain-command.ts';
export { importCommand } from './import-command.ts';
export { tagCommand } from './tag-command.ts';
export { verifyCommand } from './verify-command.ts';
