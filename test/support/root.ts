import { fileURLToPath } from 'node:url';

/** The project's folder. In a module of its own, so that programs outside Jest can have it. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
