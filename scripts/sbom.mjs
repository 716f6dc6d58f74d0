// node scripts/sbom.mjs FILE: writes the software bill of materials (CycloneDX) of the npm packages in the
// image: the production dependencies of package-lock.json, each with its version, license and hash. Checks
// that it lists these and nothing else. Needs npm, but no installation and no network.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [, , file] = process.argv;
if (file === undefined) throw new Error('Usage: node scripts/sbom.mjs FILE');
const top = join(import.meta.dirname, '..');
const project = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
const lock = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8'));

// `npm sbom --omit=dev` leaves out everything that development needs, even if production needs it, too.
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).filter(
    ([, { dev, optional, devOptional }]) => !dev && !optional && !devOptional,
  ),
);
for (const part of [project, lock.packages['']]) {
  delete part.devDependencies;
  delete part.optionalDependencies;
}

const text = sbomOf(project, lock);
const sbom = JSON.parse(text);
const listed = sbom.components.map(({ name, version }) => `${name}@${version}`);
const expected = Object.entries(lock.packages)
  .filter(([path]) => path !== '')
  .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`);
const product = sbom.metadata.component.name;
const problems = {
  product: product === project.name ? [] : [product],
  missing: expected.filter((one) => !listed.includes(one)),
  surplus: listed.filter((one) => !expected.includes(one)),
  withoutHash: sbom.components.filter(({ hashes }) => !hashes?.length).map(({ name }) => name),
};
if (Object.values(problems).some((found) => found.length > 0)) {
  console.error('The list does not match package-lock.json:', problems);
  process.exitCode = 1;
} else {
  writeFileSync(file, text);
  console.log(`${file}: ${listed.length} packages of ${product}, CycloneDX ${sbom.specVersion}`);
}

/** What npm writes for a project that consists of these two files. */
function sbomOf(packageJson, packageLock) {
  const parent = mkdtempSync(join(tmpdir(), 'sbom-'));
  try {
    // npm takes the name of the folder for the name of the product.
    const folder = join(parent, packageJson.name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), JSON.stringify(packageJson));
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(packageLock));
    const options = ['--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application'];
    return execFileSync('npm', ['sbom', ...options], { cwd: folder, encoding: 'utf8' });
  } finally {
    rmSync(parent, { recursive: true });
  }
}
