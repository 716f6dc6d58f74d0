import { dirname, relative, resolve, sep } from 'node:path';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * The rooms of `src/` and which other rooms each may import from, so that arrows point one way:
 * http → application → domain, adapters → ports and domain, nobody → adapters but their modules.
 * The longest matching room wins. `*.module.ts` files only wire and may import anything.
 */
const rooms = {
  'src/errors': [],
  'src/injection': [],
  'src/domain': ['src/errors'],
  'src/ports': ['src/domain', 'src/file-lists'],
  'src/time': ['src/ports'],
  'src/logging': ['src/errors', 'src/ports', 'src/time'],
  'src/http-client': ['src/errors', 'src/ports', 'src/time', 'src/logging'],
  'src/templates': [],
  'src/facilities': ['src/domain', 'src/errors', 'src/templates'],
  'src/config': ['src/domain', 'src/errors', 'src/facilities', 'src/templates'],
  'src/hardening': ['src/errors', 'src/ports', 'src/time'],
  'src/file-lists': ['src/domain', 'src/errors', 'src/facilities'],
  'src/auth': ['src/domain', 'src/errors', 'src/logging', 'src/ports', 'src/time'],
  'src/transfers/application': [
    'src/auth',
    'src/config',
    'src/domain',
    'src/errors',
    'src/facilities',
    'src/file-lists',
    'src/logging',
    'src/ports',
    'src/time',
  ],
  'src/transfers/http': [
    'src/auth',
    'src/config',
    'src/domain',
    'src/errors',
    'src/facilities',
    'src/file-lists',
    'src/hardening',
    'src/logging',
    'src/ports',
    'src/time',
    'src/transfers/application',
  ],
  'src/tracking': [
    'src/config',
    'src/domain',
    'src/errors',
    'src/file-lists',
    'src/logging',
    'src/ports',
    'src/time',
  ],
  'src/events': ['src/domain', 'src/errors', 'src/logging', 'src/ports'],
  'src/metrics': ['src/domain', 'src/http-client', 'src/ports', 'src/time', 'src/tracking'],
  'src/scicat': [
    'src/auth',
    'src/config',
    'src/domain',
    'src/errors',
    'src/http-client',
    'src/logging',
    'src/ports',
    'src/time',
  ],
  'src/globus': [
    'src/config',
    'src/domain',
    'src/errors',
    'src/file-lists',
    'src/http-client',
    'src/logging',
    'src/ports',
    'src/time',
  ],
  'src/data-folder': [
    'src/config',
    'src/domain',
    'src/errors',
    'src/file-lists',
    'src/logging',
    'src/ports',
    'src/time',
  ],
  'src/doctor': [
    'src/auth',
    'src/config',
    'src/data-folder',
    'src/domain',
    'src/errors',
    'src/facilities',
    'src/globus',
    'src/http-client',
    'src/ports',
    'src/scicat',
    'src/templates',
    'src/time',
  ],
};

const emulators = ['sandbox/http'];
Object.assign(rooms, {
  // The emulators must not share the adapters' idea of the wire, or both could be wrong together.
  'sandbox/http': [],
  'sandbox/scicat': emulators,
  'sandbox/globus': emulators,
  'sandbox/world': [...emulators, 'sandbox/scicat', 'sandbox/globus'],
  'sandbox/demo': ['sandbox/world'],
  // It measures the built program from outside; not even its types are known here.
  bench: [...emulators, 'sandbox/scicat', 'sandbox/globus', 'sandbox/world'],
});

const roomNames = Object.keys(rooms).sort((a, b) => b.length - a.length);
const roomOf = (path) => roomNames.find((room) => path === room || path.startsWith(`${room}/`));

const oneWay = {
  meta: {
    type: 'problem',
    docs: { description: 'imports between rooms follow the table in eslint.config.mjs' },
    schema: [],
    messages: { wrongWay: '{{from}} may not import from {{to}} (rooms in eslint.config.mjs).' },
  },
  create(context) {
    const file = relative(import.meta.dirname, context.filename)
      .split(sep)
      .join('/');
    const from = roomOf(file);
    if (from === undefined || file.endsWith('.module.ts')) return {};
    const check = (node) => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string' || !specifier.startsWith('.')) return;
      const target = relative(import.meta.dirname, resolve(dirname(context.filename), specifier))
        .split(sep)
        .join('/');
      const to = roomOf(target) ?? target;
      const allowed =
        to === from ||
        rooms[from].includes(to) ||
        (file.endsWith('.spec.ts') && !to.startsWith('src/'));
      if (!allowed) context.report({ node, messageId: 'wrongWay', data: { from, to } });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

/** Rooms that must run without a framework, a network or a clock. */
const pureRooms = ['src/domain/**/*.ts', 'src/templates/**/*.ts', 'src/facilities/**/*.ts'];

export default defineConfig(
  { ignores: ['dist/', 'dist-sandbox/', 'dist-bench/', 'coverage/', 'node_modules/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { rooms: { rules: { 'one-way': oneWay } } },
    rules: {
      'rooms/one-way': 'error',
      'no-console': 'error',
      eqeqeq: 'error',
      // DTO classes are shapes for the OpenAPI document; what is returned only has to fit.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
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
    files: pureRooms,
    ignores: ['**/*.spec.ts', '**/*.module.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^(@nestjs/|axios|class-validator|class-transformer|rxjs|express|node:(?!crypto$))',
              message: 'This room is pure: no framework, network, file or clock in it.',
            },
          ],
        },
      ],
      'no-restricted-globals': ['error', 'Date', 'process', 'setTimeout', 'setInterval', 'fetch'],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Chance comes in as an argument.' },
      ],
    },
  },
  {
    files: ['sandbox/**/*.ts', 'src/cli/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);
