import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGlobusSandbox } from '../../dist-sandbox/globus/globus-sandbox.js';

/*
 * node run.mjs PYTHON PACKAGES: starts the emulator with a few files, and runs contract.py against it
 * with globus-sdk from the folder PACKAGES. Needs `npm run build:sandbox` before.
 */
const [, , python = 'python3', packages = ''] = process.argv;
const WITHIN_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'globus-sdk-python-'));
const source = join(folder, 'source');
const files = { '.hidden': 1, 'a.txt': 10, 'b.dat': 2000, 'c.txt': 30, 'sub/d.txt': 40 };
mkdirSync(join(source, 'data', 'sub'), { recursive: true });
for (const [name, size] of Object.entries(files)) {
  writeFileSync(join(source, 'data', name), 'x'.repeat(size));
}
utimesSync(join(source, 'data', 'c.txt'), new Date('2000-06-01'), new Date('2000-06-01'));
const many = 1_100;
mkdirSync(join(source, 'many'));
for (let number = 0; number < many; number += 1) {
  writeFileSync(join(source, 'many', `${number}.txt`), 'x');
}
mkdirSync(join(folder, 'destination'));

const id = (number) => `aaaaaaaa-0000-4000-8000-00000000000${number}`;
const world = {
  clientId: id(9),
  clientSecret: 'contract-secret',
  source: id(1),
  destination: id(2),
  virtual: id(3),
  guest: id(4),
  endpoint: id(5),
  folder,
  many,
};
const sandbox = await startGlobusSandbox({ life: { stepMs: 20, queueMs: 20 } });
const { machine } = sandbox;
machine.addClient({ id: world.clientId, secret: world.clientSecret });
for (const [collection, options] of Object.entries({
  source: { folder: source },
  destination: { folder: join(folder, 'destination') },
  virtual: {},
  guest: { kind: 'GCSv5_guest_collection' },
  endpoint: { kind: 'GCSv5_endpoint' },
})) {
  machine.addCollection({ id: world[collection], displayName: collection, ...options });
}

const child = spawn(python, [join(import.meta.dirname, 'contract.py')], {
  env: {
    PATH: process.env.PATH,
    PYTHONPATH: packages,
    PYTHONDONTWRITEBYTECODE: '1',
    // All addresses are on this machine.
    NO_PROXY: '*',
    GLOBUS_SDK_SERVICE_URL_AUTH: `${sandbox.url}/`,
    GLOBUS_SDK_SERVICE_URL_TRANSFER: `${sandbox.url}/`,
    GLOBUS_SDK_HTTP_TIMEOUT: '20',
  },
  stdio: ['pipe', 'inherit', 'inherit'],
});
const timer = setTimeout(() => child.kill(), WITHIN_MS);
child.stdin.end(JSON.stringify(world));
const code = await new Promise((resolve) => child.once('close', resolve));
clearTimeout(timer);
await sandbox.close();
rmSync(folder, { recursive: true, force: true });
if (code === null) console.error(`It did not end within ${WITHIN_MS / 1000} s.`);
process.exitCode = code ?? 1;
