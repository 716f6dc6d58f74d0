import { describe, expect, it } from '@jest/globals';
import type { JobDocument } from '../../sandbox/scicat/jobs.js';
import { copyOfJob, withLongRecord } from './job-copies.js';

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

it('a long record is as long as it is to be, and otherwise as it was', () => {
  const job = {
    jobParams: { globusTransfer: { key: 'key-1', sealed: seal({ key: 'key-1' }) } },
  } as unknown as JobDocument;
  const { sealed, key } = withLongRecord(job, 1e6).jobParams['globusTransfer'] as {
    readonly sealed: string;
    readonly key: string;
  };
  expect(sealed.length / 1e6).toBeCloseTo(1, 1);
  expect([key, JSON.parse(Buffer.from(sealed, 'base64url').toString())]).toMatchObject([
    'key-1',
    { key: 'key-1', fileList: { count: 1_000_000 } },
  ]);
});
