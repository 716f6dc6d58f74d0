import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { aRecord } from '../../test/support/builders.js';
import { sealRecord, type TransferRecord, unsealRecord } from './transfer-record.js';

const seal = (value: unknown): string =>
  Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');

/** A record with every optional field. */
const FULL = aRecord({
  copy: {
    verifyChecksum: true,
    preserveTimestamp: true,
    encryptData: false,
    syncLevel: 3,
    deadlineHours: 72.5,
    fileList: 'leaves',
    recursiveSymlinks: 'keep',
  },
  finalize: 'already-archived',
  lifecycle: { archivable: false, archiveStatusMessage: 'started', retrievable: false },
  submissionId: 'cccccccc-0000-4000-8000-000000000001',
  fileList: { count: 4, sha256: 'ab'.repeat(32), symlinks: [[1, 2]] },
});

/**
 * Two texts of version 1 as they stand in SciCat jobs. They must stay readable for ever: never
 * change them, add others.
 */
const FROZEN_FULL =
  'eyJ2ZXJzaW9uIjoxLCJrZXkiOiJiYmJiYmJiYi0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJkYXRhc2V0UGlkIjoiMjAuNTAwLjEyMzQ1L2UwMDEiLCJzb3VyY2UiOnsiZmFjaWxpdHkiOiJQU0kiLCJjb2xsZWN0aW9uIjoiZWVlZWVlZWUtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwicGF0aCI6Ii9kYXRhL3J1bjEiLCJzY29wZXMiOlsic2NvcGU6c291cmNlIl19LCJkZXN0aW5hdGlvbiI6eyJmYWNpbGl0eSI6IkNTQ1MiLCJjb2xsZWN0aW9uIjoiZmZmZmZmZmYtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwicGF0aCI6Ii9hcmNoaXZlL3J1bjEiLCJzY29wZXMiOlsic2NvcGU6ZGVzdGluYXRpb24iXX0sImNvcHkiOnsidmVyaWZ5Q2hlY2tzdW0iOnRydWUsInByZXNlcnZlVGltZXN0YW1wIjp0cnVlLCJlbmNyeXB0RGF0YSI6ZmFsc2UsInN5bmNMZXZlbCI6MywiZGVhZGxpbmVIb3VycyI6NzIuNX0sImF1dG9BcmNoaXZlIjp0cnVlLCJyZXF1ZXN0ZWRCeSI6eyJ1c2VybmFtZSI6ImFsaWNlIiwiZW1haWwiOiJhbGljZUBleGFtcGxlLm9yZyIsIm93bmVyR3JvdXAiOiJwMTIzIn0sImRhdGFzZXQiOnsiYnl0ZXMiOjEwMDAsImZpbGVzIjoxMH0sImdsb2J1c0NsaWVudElkIjoiYzFjMWMxYzEtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwic3VibWlzc2lvbklkIjoiY2NjY2NjY2MtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwiZmlsZUxpc3QiOnsiY291bnQiOjQsInNoYTI1NiI6ImFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWIiLCJzeW1saW5rcyI6W1sxLDJdXX19';
const FROZEN_SMALL =
  'eyJ2ZXJzaW9uIjoxLCJrZXkiOiJiYmJiYmJiYi0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJkYXRhc2V0UGlkIjoiMjAuNTAwLjEyMzQ1L2UwMDEiLCJzb3VyY2UiOnsiZmFjaWxpdHkiOiJQU0kiLCJjb2xsZWN0aW9uIjoiZWVlZWVlZWUtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwicGF0aCI6Ii9kYXRhL3J1bjEiLCJzY29wZXMiOlsic2NvcGU6c291cmNlIl19LCJkZXN0aW5hdGlvbiI6eyJmYWNpbGl0eSI6IkNTQ1MiLCJjb2xsZWN0aW9uIjoiZmZmZmZmZmYtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwicGF0aCI6Ii9hcmNoaXZlL3J1bjEiLCJzY29wZXMiOlsic2NvcGU6ZGVzdGluYXRpb24iXX0sImNvcHkiOnsidmVyaWZ5Q2hlY2tzdW0iOnRydWUsInByZXNlcnZlVGltZXN0YW1wIjpmYWxzZSwiZW5jcnlwdERhdGEiOmZhbHNlfSwiYXV0b0FyY2hpdmUiOnRydWUsInJlcXVlc3RlZEJ5Ijp7InVzZXJuYW1lIjoiYWxpY2UiLCJlbWFpbCI6ImFsaWNlQGV4YW1wbGUub3JnIiwib3duZXJHcm91cCI6InAxMjMifSwiZGF0YXNldCI6eyJieXRlcyI6MTAwMCwiZmlsZXMiOjEwfSwiZ2xvYnVzQ2xpZW50SWQiOiJjMWMxYzFjMS0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEifQ';

/** The same of version 2. */
const FROZEN_FULL_2 =
  'eyJ2ZXJzaW9uIjoyLCJrZXkiOiJiYmJiYmJiYi0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJkYXRhc2V0UGlkIjoiMjAuNTAwLjEyMzQ1L2UwMDEiLCJzb3VyY2UiOnsiZmFjaWxpdHkiOiJQU0kiLCJjb2xsZWN0aW9uIjoiZWVlZWVlZWUtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwicGF0aCI6Ii9kYXRhL3J1bjEiLCJzY29wZXMiOlsic2NvcGU6c291cmNlIl19LCJkZXN0aW5hdGlvbiI6eyJmYWNpbGl0eSI6IkNTQ1MiLCJjb2xsZWN0aW9uIjoiZmZmZmZmZmYtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwicGF0aCI6Ii9hcmNoaXZlL3J1bjEiLCJzY29wZXMiOlsic2NvcGU6ZGVzdGluYXRpb24iXX0sImNvcHkiOnsidmVyaWZ5Q2hlY2tzdW0iOnRydWUsInByZXNlcnZlVGltZXN0YW1wIjp0cnVlLCJlbmNyeXB0RGF0YSI6ZmFsc2UsInN5bmNMZXZlbCI6MywiZGVhZGxpbmVIb3VycyI6NzIuNSwiZmlsZUxpc3QiOiJsZWF2ZXMiLCJyZWN1cnNpdmVTeW1saW5rcyI6ImtlZXAifSwiYXV0b0FyY2hpdmUiOnRydWUsImZpbmFsaXplIjoiYWxyZWFkeS1hcmNoaXZlZCIsInJlcXVlc3RlZEJ5Ijp7InVzZXJuYW1lIjoiYWxpY2UiLCJlbWFpbCI6ImFsaWNlQGV4YW1wbGUub3JnIiwib3duZXJHcm91cCI6InAxMjMifSwiZGF0YXNldCI6eyJieXRlcyI6MTAwMCwiZmlsZXMiOjEwfSwiZ2xvYnVzQ2xpZW50SWQiOiJjMWMxYzFjMS0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJsaWZlY3ljbGUiOnsiYXJjaGl2YWJsZSI6ZmFsc2UsImFyY2hpdmVTdGF0dXNNZXNzYWdlIjoic3RhcnRlZCIsInJldHJpZXZhYmxlIjpmYWxzZX0sInN1Ym1pc3Npb25JZCI6ImNjY2NjY2NjLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImZpbGVMaXN0Ijp7ImNvdW50Ijo0LCJzaGEyNTYiOiJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiIiwic3ltbGlua3MiOltbMSwyXV19fQ';

/** A record of a list whose links are too many to be noted. */
const OF_MANY_LINKS = aRecord({
  version: 3,
  fileList: {
    count: 1_000_000,
    sha256: 'ab'.repeat(32),
    symlinks: { count: 500_000, sha256: 'cd'.repeat(32) },
  },
});

/** The same of version 3. */
const FROZEN_3 =
  'eyJ2ZXJzaW9uIjozLCJrZXkiOiJiYmJiYmJiYi0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiLCJkYXRhc2V0UGlkIjoiMjAuNTAwLjEyMzQ1L2UwMDEiLCJzb3VyY2UiOnsiZmFjaWxpdHkiOiJQU0kiLCJjb2xsZWN0aW9uIjoiZWVlZWVlZWUtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwicGF0aCI6Ii9kYXRhL3J1bjEiLCJzY29wZXMiOlsic2NvcGU6c291cmNlIl19LCJkZXN0aW5hdGlvbiI6eyJmYWNpbGl0eSI6IkNTQ1MiLCJjb2xsZWN0aW9uIjoiZmZmZmZmZmYtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwicGF0aCI6Ii9hcmNoaXZlL3J1bjEiLCJzY29wZXMiOlsic2NvcGU6ZGVzdGluYXRpb24iXX0sImNvcHkiOnsidmVyaWZ5Q2hlY2tzdW0iOnRydWUsInByZXNlcnZlVGltZXN0YW1wIjpmYWxzZSwiZW5jcnlwdERhdGEiOmZhbHNlLCJmaWxlTGlzdCI6ImxlYXZlcyIsInJlY3Vyc2l2ZVN5bWxpbmtzIjoia2VlcCJ9LCJhdXRvQXJjaGl2ZSI6dHJ1ZSwiZmluYWxpemUiOiJhcmNoaXZlIiwicmVxdWVzdGVkQnkiOnsidXNlcm5hbWUiOiJhbGljZSIsImVtYWlsIjoiYWxpY2VAZXhhbXBsZS5vcmciLCJvd25lckdyb3VwIjoicDEyMyJ9LCJkYXRhc2V0Ijp7ImJ5dGVzIjoxMDAwLCJmaWxlcyI6MTB9LCJnbG9idXNDbGllbnRJZCI6ImMxYzFjMWMxLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImZpbGVMaXN0Ijp7ImNvdW50IjoxMDAwMDAwLCJzaGEyNTYiOiJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiIiwic3ltbGlua3MiOnsiY291bnQiOjUwMDAwMCwic2hhMjU2IjoiY2RjZGNkY2RjZGNkY2RjZGNkY2RjZGNkY2RjZGNkY2RjZGNkY2RjZGNkY2RjZGNkY2RjZGNkY2RjZGNkY2RjZCJ9fX0';

describe('the sealed record', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 });
  const side = fc.record({
    facility: text,
    collection: text,
    path: text.map((path) => `/${path}`),
    scopes: fc.array(text),
  });
  const count = fc.maxSafeNat();
  const record: fc.Arbitrary<TransferRecord> = fc.record(
    {
      version: fc.constant(2 as const),
      key: fc.uuid(),
      datasetPid: text,
      source: side,
      destination: side,
      copy: fc.record(
        {
          verifyChecksum: fc.boolean(),
          preserveTimestamp: fc.boolean(),
          encryptData: fc.boolean(),
          syncLevel: fc.nat(3),
          deadlineHours: fc.integer({ min: 1, max: 9000 }),
          fileList: fc.constantFrom('leaves', 'as-listed'),
          recursiveSymlinks: fc.constantFrom('ignore', 'keep'),
        },
        {
          requiredKeys: [
            'verifyChecksum',
            'preserveTimestamp',
            'encryptData',
            'fileList',
            'recursiveSymlinks',
          ],
        },
      ),
      autoArchive: fc.boolean(),
      finalize: fc.constantFrom('archive', 'none', 'already-archived'),
      lifecycle: fc.record({
        archivable: fc.boolean(),
        archiveStatusMessage: fc.string(),
        retrievable: fc.boolean(),
      }),
      requestedBy: fc.record(
        { username: text, email: text, ownerGroup: text },
        { requiredKeys: ['username', 'ownerGroup'] },
      ),
      dataset: fc.record({ bytes: count, files: count }),
      globusClientId: text,
      submissionId: text,
      fileList: fc.record({
        count,
        sha256: fc.string({
          unit: fc.constantFrom('0', '1', '9', 'a', 'c', 'f'),
          minLength: 64,
          maxLength: 64,
        }),
        symlinks: fc.array(fc.tuple(count, count)),
      }),
    },
    {
      requiredKeys: [
        'version',
        'key',
        'datasetPid',
        'source',
        'destination',
        'copy',
        'autoArchive',
        'finalize',
        'requestedBy',
        'dataset',
        'globusClientId',
      ],
    },
  );

  test('what was sealed is read back as it was, or a restart would change the request', () => {
    fc.assert(
      fc.property(record, (sealed) => {
        expect(unsealRecord(sealRecord(sealed))).toEqual({ ok: true, record: sealed });
      }),
    );
  });

  test('holds nothing that SciCat could take for an e-mail address and mask', () => {
    fc.assert(
      fc.property(record, (sealed) => {
        expect(sealRecord(sealed)).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  test('frozen: texts of version 1 stay readable, or open transfers are lost by an update', () => {
    expect(unsealRecord(FROZEN_FULL)).toEqual({ ok: true, record: carriedOutAsBefore(FULL) });
    expect(unsealRecord(FROZEN_SMALL)).toEqual({ ok: true, record: carriedOutAsBefore(aRecord()) });
  });

  test('frozen: texts of version 3 stay readable', () => {
    expect(unsealRecord(FROZEN_3)).toEqual({ ok: true, record: OF_MANY_LINKS });
    expect(sealRecord(OF_MANY_LINKS)).toBe(FROZEN_3);
  });

  test('version 4 has what the requester had, and only it has that', () => {
    const had = { path: 'profile.accessGroups', value: 'PSI' };
    const record: TransferRecord = {
      ...FULL,
      version: 4,
      access: { source: had, destination: had },
    };
    const without = { ...record, access: undefined };
    expect(unsealRecord(sealRecord(record))).toEqual({ ok: true, record });
    expect(unsealRecord(seal(without))).toMatchObject({ ok: false });
    expect(unsealRecord(seal({ ...record, version: 2 }))).toMatchObject({ ok: false });
    expect(
      unsealRecord(seal({ ...OF_MANY_LINKS, version: 4, access: record.access })),
    ).toMatchObject({ ok: true });
  });

  test('versions 2 and 3 differ in how links are noted, and are not mixed', () => {
    expect(unsealRecord(seal({ ...FULL, version: 3 }))).toMatchObject({ ok: false });
    expect(unsealRecord(seal({ ...OF_MANY_LINKS, version: 2 }))).toMatchObject({ ok: false });
  });

  test('one of version 2 with more runs than are noted today stays readable', () => {
    const symlinks = Array.from({ length: 20_000 }, (_, n) => [2 * n, 1] as const);
    const large = { ...FULL, fileList: { count: 40_000, sha256: 'ab'.repeat(32), symlinks } };
    expect(unsealRecord(seal(large))).toEqual({ ok: true, record: large });
  });

  test('frozen: texts of version 2 stay readable', () => {
    expect(unsealRecord(FROZEN_FULL_2)).toEqual({ ok: true, record: FULL });
    expect(sealRecord(FULL)).toBe(FROZEN_FULL_2);
  });
});

/** How version 1 is read: as the service that wrote it would have carried it out. */
function carriedOutAsBefore({ lifecycle: _, ...record }: TransferRecord): TransferRecord {
  return {
    ...record,
    copy: { ...record.copy, fileList: 'as-listed', recursiveSymlinks: 'ignore' },
    finalize: 'archive',
  };
}

/** A copy with one field set, or taken out where `value` is undefined. */
function changed(path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(FULL)) as Record<string, unknown>;
  const names = path.split('.');
  const last = names.pop() ?? '';
  let at = copy;
  for (const name of names) at = at[name] as Record<string, unknown>;
  at[last] = value;
  return copy;
}

const NOT_A_TEXT = [undefined, null, '', 0, true, [], {}];
const NOT_A_FLAG = [undefined, null, 0, 'true', [], {}];
const NOT_A_COUNT = [undefined, null, -1, 0.5, 2 ** 53, '1', true, [], {}];
const NOT_AN_OBJECT = [undefined, null, 0, 'x', true, []];

describe('a malformed record is refused whole, and the reason names the field', () => {
  test.each([
    ...[
      'key',
      'datasetPid',
      'globusClientId',
      'source.facility',
      'source.collection',
      'source.path',
      'destination.facility',
      'destination.collection',
      'destination.path',
      'requestedBy.username',
      'requestedBy.ownerGroup',
      'fileList.sha256',
    ].flatMap((path) => NOT_A_TEXT.map((value) => [path, value] as const)),
    ...['submissionId', 'requestedBy.email'].flatMap((path) =>
      NOT_A_TEXT.slice(1).map((value) => [path, value] as const),
    ),
    ...['autoArchive', 'copy.verifyChecksum', 'copy.preserveTimestamp', 'copy.encryptData'].flatMap(
      (path) => NOT_A_FLAG.map((value) => [path, value] as const),
    ),
    ...['dataset.bytes', 'dataset.files', 'fileList.count'].flatMap((path) =>
      NOT_A_COUNT.map((value) => [path, value] as const),
    ),
    ...['source', 'destination', 'copy', 'requestedBy', 'dataset'].flatMap((path) =>
      NOT_AN_OBJECT.map((value) => [path, value] as const),
    ),
    ...NOT_AN_OBJECT.slice(1).map((value) => ['fileList', value] as const),
    ...['source.scopes', 'destination.scopes', 'fileList.symlinks'].flatMap((path) =>
      [undefined, null, 'x', {}, [null], [1], ['']].map((value) => [path, value] as const),
    ),
    ['source.path', 'relative/path'],
    ['destination.path', 'relative/path'],
    ['copy.syncLevel', -1],
    ['copy.syncLevel', 1.5],
    ['copy.syncLevel', 4],
    ['copy.syncLevel', '1'],
    ['copy.syncLevel', null],
    ['copy.deadlineHours', 0],
    ['copy.deadlineHours', -1],
    ['copy.deadlineHours', '24'],
    ['copy.deadlineHours', null],
    ['copy.fileList', undefined],
    ['copy.fileList', 'roots'],
    ['copy.recursiveSymlinks', 'copy'],
    ['finalize', undefined],
    ['finalize', 'later'],
    ['lifecycle', null],
    ['lifecycle.archivable', 'yes'],
    ['lifecycle.archiveStatusMessage', 7],
    ['lifecycle.retrievable', undefined],
    ['fileList.sha256', 'AB'.repeat(32)],
    ['fileList.sha256', 'ab'.repeat(31)],
    ['fileList.symlinks', [[1]]],
    ['fileList.symlinks', [[1, 2, 3]]],
    ['fileList.symlinks', [[-1, 2]]],
    ['fileList.symlinks', [['1', 2]]],
    ['fileList.symlinks', { count: -1, sha256: 'ab'.repeat(32) }],
    ['fileList.symlinks', { count: 1, sha256: 'AB'.repeat(32) }],
  ] as const)('%s = %j', (path, value) => {
    const read = unsealRecord(seal(changed(path, value)));
    expect(read.ok).toBe(false);
    expect(read.ok ? '' : read.reason).toContain(path);
  });

  test.each([undefined, null, 0, 3, '1', '2', 1.5, {}, []])(
    'version %j: what another version means is not guessed',
    (version) => {
      expect(unsealRecord(seal({ ...FULL, version }))).toMatchObject({ ok: false });
    },
  );

  test.each([
    undefined,
    null,
    '',
    0,
    {},
    [],
    '!!!',
    'e30',
    'W10',
    'bnVsbA',
    'MQ',
    '"x"',
    seal([FULL]),
    seal({ __proto__: null }),
    Buffer.from('{"version":1', 'utf8').toString('base64url'),
    Buffer.from(`{"__proto__":${JSON.stringify(FULL)}}`, 'utf8').toString('base64url'),
    Buffer.from(`{"constructor":${JSON.stringify(FULL)}}`, 'utf8').toString('base64url'),
    Buffer.from([0xff, 0xfe, 0x00]).toString('base64url'),
  ])('hostile text %#: refused, not thrown', (sealed) => {
    expect(unsealRecord(sealed)).toMatchObject({ ok: false });
  });

  test('unknown fields are dropped, so nothing smuggled in is carried on', () => {
    const hostile = JSON.stringify(FULL).replace('{', '{"__proto__":{"admin":true},"extra":1,');
    expect(unsealRecord(Buffer.from(hostile, 'utf8').toString('base64url'))).toEqual({
      ok: true,
      record: FULL,
    });
  });

  test('any JSON is either a whole record or a reason, never an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(unsealRecord(seal(value))).toMatchObject({ ok: false });
      }),
    );
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(unsealRecord(value)).toMatchObject({ ok: false });
      }),
    );
  });
});
