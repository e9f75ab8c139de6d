/** The commands that ask services which run: small, and much of them is the same, so they are loaded together. */

export { importCommand } from '../import/import-command.ts';
export { verifyCommand } from '../verify/verify-command.ts';
export { auditCommand } from './audit-command.ts';
export { explainCommand } from './explain-command.ts';
export { tagCommand } from './tag-command.ts';
