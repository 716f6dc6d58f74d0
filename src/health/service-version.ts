import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applicationFolder } from '../application-folder.js';

let version: string | undefined;

/** The version in `package.json`, or `unknown` where the program was taken from its folder. */
export function serviceVersion(): string {
  version ??= readVersion(join(applicationFolder(), 'package.json'));
  return version;
}

function readVersion(file: string): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
      return String(manifest.version);
    }
  } catch {
    // Only a label is lost.
  }
  return 'unknown';
}
