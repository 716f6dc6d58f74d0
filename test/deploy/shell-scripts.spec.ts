import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../.ci/', import.meta.url));
const SCRIPTS = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isFile());

describe('the scripts in .ci', () => {
  it.each(SCRIPTS)('$name has no pipe into a command that may end early', ({ name }) => {
    const text = readFileSync(`${FOLDER}${name}`, 'utf8').replace(/^\s*#.*$/gm, '');
    // Under pipefail, what comes before it fails now and then: it can't write the rest.
    expect(text).toContain('pipefail');
    expect(text.match(/\|\s*(?:grep [^|\n]*-\w*[qm]|head|sed [^|\n]*\bq\b)[^\n]*/g) ?? []).toEqual(
      [],
    );
  });
});
