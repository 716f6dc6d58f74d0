import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { applicationFolder } from '../config/application-folder.js';

let version: string | undefined;

/** The version in `package.json`, or in the copy that the build leaves in `dist/`. */
export function serviceVersion(): string {
  version ??=
    readVersion(join(applicationFolder(), 'package.json')) ??
    readVersion(join(applicationFolder(), 'dist', 'package.json')) ??
    'unknown';
  return version;
}

function readVersion(file: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: string } | null)
      ?.version;
  } catch {
    return undefined;
  }
}
