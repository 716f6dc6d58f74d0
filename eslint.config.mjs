import { defineConfig } from 'eslint/config';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

/** Pure folders: time and chance come in as arguments. What they import is in `.dependency-cruiser.mjs`. */
const pure = ['src/domain/**/*.ts', 'src/templates/**/*.ts', 'src/facilities/**/*.ts'];

/** What they read is the operator's own configuration, at the start or at a command, and of limited size. */
const operatorsOwn = ['src/config/**/*.ts', 'src/cli/check-config/**/*.ts'];

export default defineConfig(
  { ignores: ['.ci/', 'dist/', 'dist-sandbox/', 'dist-bench/', 'coverage/', 'node_modules/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      // DTO classes are shapes for the OpenAPI document; what is returned only has to fit.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    // What users, SciCat and Globus send must not make an expression take longer than its length says.
    files: ['src/**/*.ts'],
    ignores: ['**/*.spec.ts', ...operatorsOwn],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
    },
  },
  {
    files: pure,
    ignores: ['**/*.spec.ts', '**/*.module.ts'],
    rules: {
      'no-restricted-globals': ['error', 'Date', 'process', 'setTimeout', 'setInterval', 'fetch'],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is passed in as an argument.' },
      ],
    },
  },
  {
    files: ['sandbox/**/*.ts', 'src/cli/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);
