import { readdirSync } from 'node:fs';

/** What everything around the domain may use. */
const basics = ['config', 'domain', 'errors', 'logging', 'ports', 'time'];

/**
 * Who may import whom: each folder of `src/`, and the other folders it may use. Arrows point one
 * way: http → application → domain, adapters → ports and domain.
 *
 * Two kinds of files may do more: `*.module.ts` wires things together and may import anything from
 * `src/`; a spec may also use `test/` and `sandbox/`.
 */
const src = {
  // Pure: see `pure` below.
  templates: [],
  domain: ['errors'],
  facilities: ['domain', 'errors', 'templates'],
  // What others are built from.
  secrets: [],
  errors: [],
  injection: [],
  'file-lists': ['domain', 'errors', 'facilities', 'templates'],
  ports: ['domain', 'file-lists'],
  time: ['ports'],
  logging: ['errors', 'ports', 'secrets', 'time'],
  config: ['domain', 'errors', 'facilities', 'secrets', 'templates'],
  events: ['domain', 'errors', 'logging', 'ports'],
  hardening: ['errors', 'ports', 'time'],
  'http-client': ['domain', 'errors', 'logging', 'ports', 'secrets', 'time'],
  // Adapters.
  auth: ['domain', 'errors', 'hardening', 'logging', 'ports', 'time'],
  scicat: [...basics, 'auth', 'http-client'],
  globus: [...basics, 'file-lists', 'http-client'],
  'data-folder': [...basics, 'file-lists'],
  // What the service does.
  tracking: [...basics, 'facilities', 'file-lists'],
  'transfers/application': [...basics, 'auth', 'facilities', 'file-lists'],
  'transfers/http': [
    ...[...basics, 'auth', 'facilities', 'file-lists'],
    ...['hardening', 'transfers/application'],
  ],
  // How it is run and watched.
  metrics: ['domain', 'http-client', 'ports', 'time', 'tracking'],
  health: ['config', 'errors', 'http-client', 'logging', 'ports', 'scicat', 'tracking'],
  doctor: [
    ...['config', 'data-folder', 'domain', 'errors', 'facilities', 'globus'],
    ...['http-client', 'ports', 'scicat', 'templates', 'time'],
  ],
  app: [...basics, 'auth', 'data-folder', 'hardening', 'health', 'metrics', 'secrets', 'tracking'],
  cli: [
    ...['app', 'auth', 'config', 'doctor', 'domain', 'errors', 'facilities', 'globus', 'health'],
    ...['http-client', 'ports', 'scicat', 'secrets', 'templates', 'time', 'transfers/application'],
  ],
};

/** The emulators share no code with the adapters, or both could be wrong in the same way. */
const sandbox = {
  http: [],
  scicat: ['http'],
  globus: ['http'],
  world: ['globus', 'http', 'scicat'],
  demo: ['world'],
};

/** These import no package, and of Node's modules only `crypto` and `path`: no framework, network or clock. */
const pure = ['src/templates', 'src/facilities', 'src/domain'];

const within = (top, table) =>
  Object.entries(table).map(([folder, uses]) => [
    `${top}/${folder}`,
    uses.map((other) => `${top}/${other}`),
  ]);
const table = new Map([
  ...within('src', src),
  ...within('sandbox', sandbox),
  // It measures the built program from outside.
  ['bench', ['sandbox/globus', 'sandbox/http', 'sandbox/scicat', 'sandbox/world']],
]);

/** @throws Error when the table has a cycle, or lacks a folder of `src` or `sandbox` */
function checkTable() {
  const follow = (folder, path) => {
    if (path.includes(folder)) throw new Error(`Cycle: ${[...path, folder].join(' → ')}`);
    if (!table.has(folder))
      throw new Error(`${path.at(-1)} may use ${folder}, which has no entry.`);
    for (const next of table.get(folder)) follow(next, [...path, folder]);
  };
  for (const folder of table.keys()) follow(folder, []);
  for (const top of ['src', 'sandbox']) {
    for (const entry of readdirSync(new URL(top, import.meta.url), { withFileTypes: true })) {
      const folder = `${top}/${entry.name}`;
      const known = [...table.keys()].some((one) => `${one}/`.startsWith(`${folder}/`));
      if (entry.isDirectory() && !known) throw new Error(`${folder} has no entry.`);
    }
  }
}
checkTable();

const anyOf = (folders) => folders.map((folder) => `^${folder}/`);
const MODULE = '\\.module\\.ts$';
const SPEC = '\\.spec\\.ts$';
const OURS = '^(src|sandbox|bench|test)/';

const rules = [
  ...[...table].flatMap(([folder, uses]) => [
    {
      name: 'folder-table',
      comment: 'This import is not in the table of .dependency-cruiser.mjs.',
      from: { path: anyOf([folder]), pathNot: [MODULE, SPEC] },
      to: { path: OURS, pathNot: anyOf([folder, ...uses]) },
    },
    {
      name: 'folder-table-specs',
      comment: 'A spec may import what its folder may, and test/ and sandbox/.',
      from: { path: `^${folder}/.*${SPEC}` },
      to: { path: '^src/', pathNot: anyOf([folder, ...uses]) },
    },
  ]),
  {
    name: 'program-alone',
    comment: 'What is built from src/ has no tests, emulators or benchmarks in it.',
    from: { path: '^src/', pathNot: SPEC },
    to: { path: '^(sandbox|bench|test)/' },
  },
  {
    name: 'pure-folders',
    comment: 'This folder is pure: no package, and of Node only crypto and path.',
    from: { path: anyOf(pure), pathNot: [MODULE, SPEC] },
    to: { dependencyTypesNot: ['local'], pathNot: '^(node:)?(crypto|path)$' },
  },
  {
    name: 'no-spec',
    comment: 'Nothing imports a spec; what two of them need is a file of its own.',
    from: {},
    to: { path: '\\.(e2e-|sim-)?spec\\.ts$' },
  },
  {
    name: 'no-file-cycle',
    comment: 'Files import each other in a circle; imports of types count too.',
    from: {},
    to: { circular: true },
  },
];

/** Inside a folder arrows point down, too: files use the folders below them, never those above. */
const upwards = ['[^/]+/', '[^/]+/[^/]+/', '[^/]+/[^/]+/[^/]+/'].map((above) => ({
  name: 'no-import-from-above',
  comment: 'A file of a subfolder imports one of a folder above it.',
  from: { path: `^(${above})[^/]+/`, pathNot: SPEC },
  to: { path: '^$1[^/]+$' },
}));

export default {
  forbidden: [...rules, ...upwards].map((rule) => ({ severity: 'error', ...rule })),
  options: {
    // Before compilation, so that imports of types are seen.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    skipAnalysisNotInRules: true,
  },
};
