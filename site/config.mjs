/** The site of the documents: `npm run docs` copies it beside the pages that it builds. */
import { defineConfig } from 'vitepress';

const page = (text, link) => ({ text, link });
const docs = (entries) => Object.entries(entries).map(([text, name]) => page(text, `/docs/${name}`));

const sidebar = [
  {
    text: 'Start',
    items: [
      page('What it is', '/'),
      ...docs({
        Install: 'install',
        'Get IDs in your language': 'client-examples',
        'HTTP API': 'api',
        Doors: 'doors',
        'Keep IDs intact': 'carrying-ids',
      }),
      page('Node client', '/packages/client/'),
      ...docs({ Shapes: 'shapes', FAQ: 'faq', Glossary: 'glossary' }),
    ],
  },
  {
    text: 'Run it',
    items: [
      ...docs({
        'Production checklist': 'production-checklist',
        Topologies: 'topologies',
        'MySQL and Redis': 'stores',
        'Tags as files': 'tags-as-files',
      }),
      page('Kubernetes, Compose, systemd', '/deploy/'),
      ...docs({
        Operations: 'operations',
        Errors: 'errors',
        Configuration: 'configuration',
        Metrics: 'metrics',
        Capacity: 'capacity',
        Limits: 'limits',
        'Change the layout': 'changing-the-layout',
        'Embedded to MySQL': 'move-to-mysql',
      }),
    ],
  },
  {
    text: 'Migrate from',
    items: docs({
      Leaf: 'migrate-from-leaf',
      tinyid: 'migrate-from-tinyid',
      'go-leaf': 'migrate-from-go-leaf',
      CosId: 'migrate-from-cosid',
      'Redis INCR': 'migrate-from-redis-incr',
      'UUIDs and auto-increment': 'migrate-from-uuid',
    }),
  },
  {
    text: 'Trust it',
    items: [
      ...docs({
        Safety: 'safety',
        'Threat model': 'threat-model',
        Benchmarks: 'benchmarks',
        'Servers tried': 'compatibility',
        'Clients tried': 'clients',
        'What stays stable': 'public-surface',
      }),
      page('Architecture', '/ARCHITECTURE'),
      page('Decisions', '/docs/adr/'),
      page('Changelog', '/CHANGELOG'),
    ],
  },
];

// biome-ignore lint/style/noDefaultExport: VitePress reads its configuration from the default export.
export default defineConfig({
  title: 'Leafcutter',
  description: 'Unique 64-bit IDs, from memory.',
  // A site below a path of a host.
  base: process.env.DOCS_BASE ?? '/',
  lastUpdated: false,
  // A dead link ends the build.
  ignoreDeadLinks: [/^https?:\/\/(127\.0\.0\.1|localhost)/],
  themeConfig: { search: { provider: 'local' }, sidebar, outline: [2, 3] },
});
