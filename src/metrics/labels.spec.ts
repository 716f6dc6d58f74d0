import { describe, expect, test } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import fc from 'fast-check';
import 'reflect-metadata';
import { aRecord, aTransfer } from '../../test/support/builders.js';
import { callOutcome, isDocumentation, routeLabels, sidesOf, statusLabel } from './labels.js';

describe('routes by operation', () => {
  @Controller('things')
  class ThingsController {
    @Post()
    @ApiOperation({ operationId: 'PostThing' })
    post(): void {
      return;
    }

    @Get(':id')
    @ApiOperation({ operationId: 'GetThing' })
    get(): void {
      return;
    }

    @Get('open')
    @ApiOperation({ operationId: 'GetOpenThing', security: [] })
    open(): void {
      return;
    }
  }

  test('each has its operation id, and one that needs no token the name of its group', () => {
    expect([...routeLabels([ThingsController])]).toEqual([
      ['POST /things', 'PostThing'],
      ['GET /things/:id', 'GetThing'],
      ['GET /things/open', 'things'],
    ]);
  });

  test.each([
    ['/docs', true],
    ['/Docs/index.html', true],
    ['/openapi.json', true],
    ['/docsofothers', false],
    ['/', false],
  ])('%s belongs to the documentation: %p', (path, does) => {
    expect(isDocumentation(path)).toBe(does);
  });
});

describe('labels that come from outside have only values that are known', () => {
  const one = (values: readonly string[]) => expect.stringMatching(`^(?:${values.join('|')})$`);
  const outcomes = [
    '2xx',
    '3xx',
    '4xx',
    '5xx',
    '429',
    'timeout',
    'not-sent',
    'lost',
    'too-large',
    'aborted',
  ];

  test('whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), (text, number) => {
        expect([statusLabel(number), callOutcome(text), callOutcome(String(number))]).toEqual([
          one([
            '200',
            '302',
            '304',
            '400',
            '401',
            '403',
            '404',
            '405',
            '429',
            '500',
            '503',
            'other',
          ]),
          one([...outcomes, 'other']),
          one([...outcomes, 'other']),
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
