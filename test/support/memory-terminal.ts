import type { Terminal } from '../../src/cli/common/terminal.js';

/** A terminal that remembers what was written. */
export interface MemoryTerminal extends Terminal {
  readonly written: { out: string; err: string };
}

/** @param parts what a test wants to be different; by default nothing is set and nothing is typed */
export function memoryTerminal(parts: Partial<Terminal> = {}): MemoryTerminal {
  const written = { out: '', err: '' };
  return {
    written,
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    readIn: () => Promise.resolve(''),
    colours: false,
    redraws: false,
    env: {},
    platform: 'linux',
    workingFolder: '/',
    interrupted: new AbortController().signal,
    ...parts,
  };
}
