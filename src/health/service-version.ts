import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applicationFolder } from '../config/application-folder.js';

let version: string | undefined;

/** The version in `package.json`; the build notes it in `dist/`, too, which may stand alone. */
export function serviceVersion(): string {
  version ??=
    readVersion(join(applicationFolder(), 'package.json')) ??
    readVersion(join(import.meta.dirname, '..', 'package.json')) ??
    'unknown';
  return version;
}

function readVersion(file: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
      return String(manifest.version);
    }
  } catch {
    // Only a label is lost.
  }
  return undefined;
}
