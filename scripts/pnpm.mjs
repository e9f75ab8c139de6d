/** The package manager, in the form that npx takes. */
export const PNPM = 'pnpm@12.21.0';
