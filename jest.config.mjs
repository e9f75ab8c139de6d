/** Node strips the types itself, so no transformer is needed; workspace packages run from their sources. */
const common = {
  testEnvironment: 'node',
  transform: {},
  extensionsToTreatAsEsm: ['.ts'],
  // Gives tests and hooks their time: `testTimeout` of a project is ignored by Jest 30.
  setupFilesAfterEnv: ['<rootDir>/test/support/patient.ts'],
  // Not in the temporary folder, which is to be left as it was found.
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
};

/** One project per suite: `jest --selectProjects unit`. Every suite but `unit` and `simulation` starts real servers. */
// biome-ignore lint/style/noDefaultExport: Jest reads its configuration from the default export.
export default {
  globalSetup: '<rootDir>/scripts/jest-setup.mjs',
  globalTeardown: '<rootDir>/scripts/jest-teardown.mjs',
  projects: [
    {
      ...common,
      displayName: 'unit',
      testMatch: ['<rootDir>/packages/**/*.test.ts', '<rootDir>/test/unit/**/*.test.ts'],
    },
    { ...common, displayName: 'contract', testMatch: ['<rootDir>/test/contract/**/*.test.ts'] },
    { ...common, displayName: 'integration', testMatch: ['<rootDir>/test/integration/**/*.test.ts'] },
    { ...common, displayName: 'containers', testMatch: ['<rootDir>/test/containers/**/*.test.ts'] },
    { ...common, displayName: 'simulation', testMatch: ['<rootDir>/test/simulation/**/*.test.ts'] },
    { ...common, displayName: 'fault', testMatch: ['<rootDir>/test/fault/**/*.test.ts'] },
  ],
};
