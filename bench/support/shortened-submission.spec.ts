import { describe, expect, it } from '@jest/globals';
import type { EmulatedRequest } from '../../sandbox/http/emulator.js';
import { countItems, shortened } from './shortened-submission.js';

const submission = (items: number): EmulatedRequest => ({
  method: 'POST',
  path: '/v0.10/transfer',
  query: new URLSearchParams(),
  headers: {},
  body: JSON.stringify({
    DATA_TYPE: 'transfer',
    label: 'a label',
    DATA: Array.from({ length: items }, (_, index) => ({
      DATA_TYPE: 'transfer_item',
      source_path: `/source/${index}`,
      destination_path: `/destination/${index}`,
    })),
    notify_on_failed: false,
  }),
});

describe('shortened', () => {
  it('keeps the first item of a long list, and everything that is not an item', () => {
    const request = submission(2_000);
    const short = shortened(request);
    expect(JSON.parse(short?.body ?? '')).toEqual(JSON.parse(submission(1).body));
    expect(countItems(request.body)).toBe(2_000);
  });

  it.each([
    ['a short list', submission(100)],
    ['another request', { ...submission(2_000), path: '/v0.10/task/x/cancel' }],
    ['what it can not read', { ...submission(2_000), body: '['.repeat(200_000) }],
  ])('leaves %s to the emulator', (_what, request) => {
    expect(shortened(request)).toBeUndefined();
  });
});
