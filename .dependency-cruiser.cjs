/**
 * Who may import whom: the picture of `ARCHITECTURE.md` as rules. `test/unit/dependency-rules.test.ts` plants a
 * violation of each, because a reader that understands no TypeScript finds no violations either.
 *
 * `$1` in a `to` is the first group of the rule's `from`.
 */

const { Visitor } = require('@swc/core/Visitor.js');

// dependency-cruiser reads with swc's own visitor, which stops at `using`: it is taught that `using` declares variables.
const { visitStatement } = Visitor.prototype;
Visitor.prototype.visitStatement = function visit(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  this.visitVariableDeclarators(statement.decls);
  return statement;
};

const TESTS = '\\.test\\.ts$';
const FAKES = ['^packages/[^/]+/src/fakes/', '^packages/shared/src/clock/fake-clock\\.ts$'];

/** What a domain may use of `shared`: values and rules, nothing that touches the world. */
const FOR_DOMAINS =
  '^packages/shared/src/(errors|layout|tag|clock/clock|shapes/(dated|opaque-keys|shape|shared-texts)|wire/(fleet-views|inspection|ledger|wire))\\.ts$';

/** What lets callers in. */
const DOORS = '^packages/(agent/src/doors|coordinator/src/http)/';

/** Libraries that stand behind an adapter, and the only files that may know them. */
const KEPT_IN = {
  // `leafcutter import` reads other systems' counters, which no coordinator can.
  mysql2: '^packages/(coordinator/src/stores/mysql/|cli/src/import/mysql-)',
  ioredis: '^packages/(coordinator/src/(stores/redis/|jobs/bullmq-)|cli/src/import/redis-)',
  bullmq: '^packages/coordinator/src/jobs/bullmq-',
  'node:sqlite': '^packages/coordinator/src/stores/sqlite/',
  'prom-client': '^packages/shared/src/telemetry/metric-set\\.ts$',
  undici: '^packages/cli/src/(admin/admin-client|verify/agent-door)\\.ts$',
  cockatiel: '^packages/agent/src/coordinators/endpoint\\.ts$',
  express: '^packages/(shared/src/http|coordinator/src/http|agent/src/doors)/',
  '@grpc/grpc-js': '^packages/agent/src/(doors|generated)/',
  '@opentelemetry/api': '^packages/shared/src/telemetry/tracing\\.ts$',
  pino: '^packages/shared/src/telemetry/logger\\.ts$',
  yaml: '^packages/shared/src/yaml\\.ts$',
};

/** A package as it is resolved, and by its bare name where it is not installed for the file that asks. */
const library = (name) => `(^|/node_modules/)${name}($|/)`;

const keptIn = Object.entries(KEPT_IN).map(([name, home]) => ({
  name: `only-its-adapter-knows-${name.replace(':', '-')}`,
  comment: `${name} is known to the files that ${home} matches; everyone else goes through them.`,
  severity: 'error',
  from: { path: '^packages/', pathNot: home },
  to: { path: library(name) },
}));

module.exports = {
  forbidden: [
    {
      name: 'packages-see-shared-only',
      comment:
        'agent → shared ← coordinator, and both have the built pages of console. Only cli and test see them all.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/', pathNot: '^packages/cli/' },
      to: {
        path: '^packages/',
        pathNot: ['^packages/$1/', '^packages/shared/', '^packages/console/pages\\.ts$'],
      },
    },
    {
      name: 'cli-sees-services-only',
      comment:
        'The binary starts a service from its settings, an agent also with a seat among workers, and has a coordinator move; what is inside is none of its business.',
      severity: 'error',
      from: { path: '^packages/cli/' },
      to: {
        path: '^packages/(agent|coordinator)/',
        pathNot: '^packages/[^/]+/src/(service|seat|settings/settings|move/move)\\.ts$',
      },
    },
    {
      name: 'packages-do-not-see-test',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^test/' },
    },
    {
      name: 'domain-is-pure',
      comment:
        'Domain files see their own domain and the values of shared: no driver, no door, no file, no timer.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/domain/', pathNot: TESTS },
      to: { pathNot: ['^packages/$1/src/domain/', FOR_DOMAINS, library('zod')] },
    },
    {
      name: 'doors-know-no-store',
      comment: 'What a door wants of a store it asks the domain.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/(http|doors)/' },
      to: { path: '^packages/[^/]+/src/(stores/|jobs/bullmq-)' },
    },
    {
      name: 'only-services-know-doors',
      comment: 'A door may use whatever its service is made of; of that, nothing uses a door.',
      severity: 'error',
      from: {
        path: '^packages/(agent|coordinator)/src/',
        pathNot: [DOORS, '^packages/[^/]+/src/service\\.ts$', TESTS, ...FAKES],
      },
      to: { path: DOORS },
    },
    {
      name: 'adapters-know-no-service',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/(stores/[^/]+/|jobs/bullmq-)' },
      to: { path: '^packages/[^/]+/src/(service|stores/open-stores)' },
    },
    {
      name: 'production-knows-no-test',
      comment: 'Tests and fakes may import production code, never the other way round.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [TESTS, ...FAKES, '/load-example\\.ts$'] },
      to: { path: [TESTS, ...FAKES, '/load-example\\.ts$', library('@jest/globals')] },
    },
    {
      name: 'one-face-per-package',
      comment: 'Across packages, files are imported by the name of the package, so that its exports decide.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      comment: 'A file that imports nothing and that nobody imports is forgotten.',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'everything-resolves',
      comment: 'Programs that try clients run where those are installed, outside the tree.',
      severity: 'error',
      from: { pathNot: ['^test/clients/programs/'] },
      to: { couldNotResolve: true },
    },
    {
      name: 'only-declared-packages',
      comment: 'What a file imports stands in the package.json of its own package.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'production-needs-no-dev-dependency',
      comment: 'What the console imports is in its pages once they are built.',
      severity: 'error',
      from: { path: '^packages/', pathNot: [TESTS, '^packages/console/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    ...keptIn,
  ],
  options: {
    // TypeScript 7 has no API that dependency-cruiser could use: without this it reads no module and is content.
    parser: 'swc',
    tsPreCompilationDeps: true,
    // What a build wrote is no source.
    exclude: { path: '^packages/[^/]+/dist/' },
    doNotFollow: { path: 'node_modules' },
    // A workspace package is its sources, wherever it is imported from.
    preserveSymlinks: false,
    combinedDependencies: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
