import { describe, expect, it } from '@jest/globals';
import { SERVER_LIMITS } from '../../src/hardening/server-limits.js';
import { LONGEST_HOLD_MS } from '../../src/transfers/application/hold-end.js';
import { LONGEST_NOTE } from '../../src/domain/one-line.js';
import { LONGEST_FILE_PATH } from '../../src/file-lists/check-file-path.js';
import { MAX_CONCURRENT_WRITES } from '../../src/tracking/core/job-writer.js';
import { MAX_LENGTH } from '../../src/transfers/http/transfer.dto.js';
import { at, textOf } from './documents.js';

/** The rows of the table of bounds. */
const rows = textOf('SECURITY.md')
  .split('## Bounds\n')[1]
  ?.split('\n## ')[0]
  ?.split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, what = '', standard = '', setting = '', beyond = '']) => {
    return { what, standard, setting, beyond };
  });
const schema: unknown = JSON.parse(textOf('config/scicat-globus-proxy-config.schema.json'));

describe('the table of bounds in SECURITY.md', () => {
  it('says of each bound what happens beyond it', () => {
    expect(rows?.length).toBeGreaterThan(20);
    for (const row of rows ?? []) {
      expect(row).toEqual({
        ...row,
        what: expect.stringMatching(/./),
        standard: expect.stringMatching(/\d/),
      });
      expect(row.beyond).not.toBe('');
    }
  });

  it('has the default of each setting', () => {
    const settings = (rows ?? []).filter(({ setting }) => setting !== '');
    expect(settings.length).toBeGreaterThan(4);
    for (const { setting, standard } of settings) {
      const path = setting.replaceAll('`', '').split('.');
      const known = at(schema, ...path.flatMap((key) => ['properties', key]), 'default');
      expect([setting, numberIn(standard)]).toEqual([setting, known]);
    }
  });

  it.each([
    ['pace of a body', SERVER_LIMITS.bodyBytesPerSecond],
    ['time to send the headers', SERVER_LIMITS.headersMs / 1000],
    ['time to send a request', SERVER_LIMITS.requestMs / 1000],
    ['silence on a connection during a request', SERVER_LIMITS.silenceMs / 1000],
    ['idle connections between requests', SERVER_LIMITS.keepAliveMs / 1000],
    ['length of a path in a file list', LONGEST_FILE_PATH],
    ['length of a parameter', MAX_LENGTH],
    ['jobs that are written at the same time', MAX_CONCURRENT_WRITES],
    ['message of a hold, reason of a cancellation', LONGEST_NOTE],
    ['time until a hold ends by itself, if it does', LONGEST_HOLD_MS / 86_400_000],
  ])('is right about the fixed bound of: %s', (name, value) => {
    const row = rows?.find(({ what }) => what === name);
    expect(numberIn(row?.standard ?? '')).toBe(value);
  });
});

function numberIn(text: string): number {
  return Number.parseFloat(text.replaceAll(',', ''));
}
