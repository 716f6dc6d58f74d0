import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { aRecord, aTransfer } from '../../test/support/builders.js';
import {
  ALARM_KINDS,
  alarmKind,
  callOutcome,
  REQUEST_OPERATIONS,
  requestOperation,
  sidesOf,
  statusLabel,
} from './labels.js';

describe('requests by operation', () => {
  test.each([
    ['POST', '/transfer?scicatPid=20.500%2F1', 'PostTransferTask'],
    ['POST', '/transfer/', 'PostTransferTask'],
    ['POST', '/Transfer', 'PostTransferTask'],
    ['GET', '/transfer?page=2', 'ListTransferTasks'],
    ['GET', '/transfer/2d5528e1-0f3e-4f0a-8c58-0a1b2c3d4e5f', 'GetTransferTask'],
    ['DELETE', '/transfer/2d5528e1?delete=true', 'DeleteTransferTask'],
    ['POST', '/transfer/preview', 'PreviewTransferTask'],
    ['GET', '/facilities', 'ListFacilities'],
    ['GET', '/version', 'version'],
    ['GET', '/health/ready', 'health'],
    ['GET', '/docs/index.html', 'docs'],
    ['GET', '/docs', 'docs'],
    ['GET', '/openapi.json', 'docs'],
    ['GET', '/metrics', 'metrics'],
    ['PUT', '/transfer', 'other'],
    ['PATCH', '/transfer/2d5528e1', 'other'],
    ['GET', '/transfer/2d5528e1/more', 'other'],
    ['GET', '/docsofothers', 'other'],
    ['GET', '/', 'other'],
    ['', '', 'other'],
  ])('%s %s is %s', (method, url, operation) => {
    expect(requestOperation(method, url)).toBe(operation);
  });
});

describe('labels that come from outside have only values that are known', () => {
  const one = (values: readonly string[]) => expect.stringMatching(`^(?:${values.join('|')})$`);
  const outcomes = ['2xx', '3xx', '4xx', '5xx', '429', 'timeout', 'not-sent', 'lost', 'aborted'];

  test('whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer(), (text, other, number) => {
        expect([
          requestOperation(text, `/${other}`),
          requestOperation('GET', `/transfer/${other}`),
          statusLabel(number),
          callOutcome(text),
          callOutcome(String(number)),
          alarmKind(text),
          alarmKind(`task:${text}`),
        ]).toEqual([
          one(REQUEST_OPERATIONS),
          one(REQUEST_OPERATIONS),
          one(['200', '302', '304', '400', '401', '403', '404', '429', '500', '503', 'other']),
          one([...outcomes, 'other']),
          one([...outcomes, 'other']),
          one(ALARM_KINDS),
          'task',
        ]);
      }),
    );
  });

  test.each([
    ['200', '2xx'],
    ['404', '4xx'],
    ['429', '429'],
    ['503', '5xx'],
    ['timeout', 'timeout'],
    ['not-sent', 'not-sent'],
    ['100', 'other'],
    ['', 'other'],
  ])('a call that ended with %j is %s', (outcome, label) => {
    expect(callOutcome(outcome)).toBe(label);
  });

  test('a facility that is no longer configured, or never was, is other', () => {
    const side = (facility: string) => ({ ...aRecord().source, facility });
    const record = aRecord({ source: side('GONE'), destination: side('CSCS') });
    expect(sidesOf(aTransfer({ record }), new Set(['PSI', 'CSCS']))).toEqual({
      source: 'other',
      destination: 'CSCS',
    });
    expect(
      sidesOf(
        { ...aTransfer(), origin: { kind: 'go-version', ownerGroup: 'p1' } },
        new Set(['PSI']),
      ),
    ).toEqual({ source: 'other', destination: 'other' });
  });
});
