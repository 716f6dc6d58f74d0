import { describe, expect, it } from '@jest/globals';
import type { JobDocument } from '../../sandbox/scicat/jobs.js';
import { copyOfJob } from './job-copies.js';

const seal = (record: unknown): string => Buffer.from(JSON.stringify(record)).toString('base64url');

it('a copied job differs in its sealed record as it does in what can be read', () => {
  const job = {
    id: 'job-1',
    jobParams: { globusTransfer: { key: 'key-1', sealed: seal({ key: 'key-1', path: '/run/1' }) } },
  } as unknown as JobDocument;
  expect(
    copyOfJob({
      of: job,
      replace: [
        ['job-1', 'job-2'],
        ['key-1', 'key-2'],
        ['/run/1', '/run/2'],
      ],
    }),
  ).toEqual({
    id: 'job-2',
    jobParams: { globusTransfer: { key: 'key-2', sealed: seal({ key: 'key-2', path: '/run/2' }) } },
  });
});

describe('the job that is copied', () => {
  it('stays unchanged', () => {
    const job = {
      id: 'job-1',
      jobParams: { globusTransfer: { sealed: seal({}) } },
    } as unknown as JobDocument;
    const before = JSON.stringify(job);
    copyOfJob({ of: job, replace: [['job-1', 'job-2']] });
    expect(JSON.stringify(job)).toBe(before);
  });
});
