import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const page = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Leaves a list of what the pages are made of, for the bill of materials of a release. */
const tellModules: Plugin = {
  name: 'tell-modules',
  generateBundle(_options, bundle) {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const ids = Object.values(bundle).flatMap((made) => ('modules' in made ? Object.keys(made.modules) : []));
    const names = ids.map((id) => (id.startsWith('/') ? relative(root, id) : id)).sort();
    this.emitFile({
      type: 'asset',
      fileName: '.modules.json',
      source: `${JSON.stringify(names, null, 2)}\n`,
    });
  },
};

// biome-ignore lint/style/noDefaultExport: Vite reads its configuration from the default export.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Relative, so that the page also works below a path of a proxy.
  base: './',
  plugins: [tellModules],
  build: {
    target: 'es2023',
    // Nothing is loaded from elsewhere, and nothing is inlined: the content security policy allows neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: page('index.html'), agent: page('agent.html') } },
  },
});
