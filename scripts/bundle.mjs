/**
 * Replaces the programs in `dist/` by bundles of themselves and of the libraries that they need, so
 * that they start in half the time and with less memory. What is imported later is in files of its own
 * in `dist/chunks`. Works on what tsc has written, because esbuild does not write the metadata of
 * decorators. Each program also runs as tsc has written it.
 */
import { build } from 'esbuild';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const PROGRAMS = ['main.js', 'cli/main.js', 'cli/health-check.js'];

/** Optional parts of the framework, which are not installed, and a page that is read from its folder. */
const EXTERNAL = [
  '@nestjs/microservices',
  '@nestjs/microservices/*',
  '@nestjs/websockets',
  '@nestjs/websockets/*',
  '@fastify/static',
  'class-transformer/storage',
  'swagger-ui-dist',
];

/**
 * Libraries that nothing here ever calls, but that other libraries load: request bodies (the service
 * reads them itself), web forms, documents in YAML, calendars, phone numbers, traces.
 */
const UNUSED =
  /^(@opentelemetry\/api|body-parser|cron|form-data|js-yaml|libphonenumber-js|multer)(\/|$)/;

/** The metrics of several processes, as prom-client calls it. There is one. */
const METRICS_OF_MANY = /^\.\/lib\/cluster$/;

/** What the framework loads whole if the application does not hand it what it needs of them. */
const HANDED_OVER = /^(class-transformer|class-validator|file-type)$/;

/**
 * `import` of a module of Node makes a copy of what it exports, which loads all that it would load
 * later: with `node:http`, an HTTP client that takes 13 MB. `require` does not.
 */
const requireBuiltins = {
  name: 'require builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z]/ }, ({ path, namespace }) => {
      if (!isBuiltin(path)) return undefined;
      const name = path.startsWith('node:') ? path : `node:${path}`;
      return namespace === 'builtin'
        ? { path: name, external: true }
        : { path: name, namespace: 'builtin' };
    });
    onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

const leaveOutUnused = {
  name: 'leave out unused',
  setup({ onResolve, onLoad }) {
    const nothing = ({ path }) => ({ path, namespace: 'unused' });
    onResolve({ filter: UNUSED }, nothing);
    onResolve({ filter: METRICS_OF_MANY }, nothing);
    onResolve({ filter: HANDED_OVER }, (found) =>
      found.kind === 'dynamic-import' ? nothing(found) : undefined,
    );
    onLoad({ filter: /^/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** The transport brings an adapter of its own, and hands axios no forms. */
const smallAxios = {
  name: 'small axios',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]axios[\\/]lib[\\/]adapters[\\/]adapters\.js$/ }, () => ({
      contents: 'export default { adapters: {}, getAdapter: (adapter) => adapter };',
    }));
    onLoad({ filter: /[\\/]axios[\\/]lib[\\/]utils\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      // Merely to look at this global loads an HTTP client that takes 13 MB.
      const look = "typeof G.FormData !== 'undefined' ? G.FormData : undefined";
      if (!text.includes(look)) throw new Error(`axios has changed: ${path} has no "${look}".`);
      return { contents: text.replace(look, 'undefined') };
    });
  },
};

/** As modules that can be used in part. Node itself takes the other form of these libraries. */
const useModules = {
  name: 'use modules',
  setup({ onResolve }) {
    onResolve({ filter: /^rxjs(\/operators)?$/ }, ({ path }) => ({
      path: resolve(root, `node_modules/rxjs/dist/esm/${path.slice(5)}/index.js`),
      sideEffects: false,
    }));
  },
};

await build({
  absWorkingDir: root,
  entryPoints: PROGRAMS.map((program) => ({
    in: `dist/${program}`,
    out: program.replace(/\.js$/, ''),
  })),
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  mainFields: ['es2015', 'module', 'main'],
  external: EXTERNAL,
  plugins: [requireBuiltins, useModules, leaveOutUnused, smallAxios],
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  legalComments: 'linked',
  minifySyntax: true,
  minifyWhitespace: true,
  // A crash shows the line where it happened.
  lineLimit: 160,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
});
