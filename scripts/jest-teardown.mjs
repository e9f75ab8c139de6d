// biome-ignore lint/style/noDefaultExport: Jest calls the default export.
export { endOwnRun as default } from './jest-setup.mjs';
