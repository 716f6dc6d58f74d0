import { availableParallelism } from 'node:os';

// Inherited by the workers: all servers of the tests are on this machine.
for (const name of ['http_proxy', 'https_proxy', 'all_proxy']) {
  delete process.env[name];
  delete process.env[name.toUpperCase()];
}

/** Settings that every kind of test shares; swc only strips types, `npm run typecheck` checks them. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};

export default {
  testTimeout: 30_000,
  // The longer tests mostly wait: three processes for two cores keep both busy.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['src', 'sandbox', 'bench'].map((room) => `<rootDir>/${room}/**/*.spec.ts`),
    },
    { ...shared, displayName: 'contract', testMatch: ['<rootDir>/test/contract/**/*.spec.ts'] },
    { ...shared, displayName: 'docs', testMatch: ['<rootDir>/test/docs/**/*.spec.ts'] },
    { ...shared, displayName: 'deploy', testMatch: ['<rootDir>/test/deploy/**/*.spec.ts'] },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'] },
    {
      ...shared,
      displayName: 'simulation',
      testMatch: ['<rootDir>/test/simulation/**/*.sim-spec.ts'],
    },
  ],
};
