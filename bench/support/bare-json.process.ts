import { offer } from './remote.js';

/** What JSON itself costs in a process that does nothing else. */
const controls = {
  /** @returns milliseconds for reading the text and writing it again */
  parseAndStringify: (text: string): number => {
    const started = performance.now();
    JSON.stringify(JSON.parse(text));
    return performance.now() - started;
  },
};

export type BareJsonControls = typeof controls;

offer(controls, () => process.exit());
