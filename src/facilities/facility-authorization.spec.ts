import { describe, expect, test } from '@jest/globals';
import { aFacility, anIdentity } from '../../test/support/builders.js';
import { FacilityAuthorization } from './facility-authorization.js';

test('each facility is judged by its own rule and its direction', () => {
  const facilities = [
    aFacility('BOTH-WAYS'),
    aFacility('FROM', { direction: 'SRC', accessValue: 'BOTH-WAYS' }),
    aFacility('TO', { direction: 'DST', accessPath: 'profile.username', accessValue: 'alice' }),
    aFacility('CLOSED', { accessPath: 'profile.roles', accessValue: 'beamline scientist' }),
  ];
  const open = { missing: undefined };
  const { document } = anIdentity({ accessGroups: ['BOTH-WAYS'] });
  expect(new FacilityAuthorization(() => facilities).list(document)).toEqual([
    {
      ...open,
      name: 'BOTH-WAYS',
      direction: 'BOTH',
      allowedAsSource: true,
      allowedAsDestination: true,
    },
    { ...open, name: 'FROM', direction: 'SRC', allowedAsSource: true, allowedAsDestination: false },
    { ...open, name: 'TO', direction: 'DST', allowedAsSource: false, allowedAsDestination: true },
    {
      name: 'CLOSED',
      direction: 'BOTH',
      allowedAsSource: false,
      allowedAsDestination: false,
      missing: { accessPath: 'profile.roles', accessValue: 'beamline scientist' },
    },
  ]);
});

describe('the rules of both facilities of a request', () => {
  const beamline = aFacility('BEAMLINE', { direction: 'SRC' });
  const tape = aFacility('TAPE', { direction: 'DST' });
  const disk = aFacility('DISK');
  const authorization = new FacilityAuthorization(() => [beamline, tape, disk]);
  const { document } = anIdentity({ accessGroups: ['BEAMLINE', 'DISK'] });
  const outcomes = (sourceFacility: string, destFacility: string) =>
    authorization
      .apply(document, { sourceFacility, destFacility })
      .rules.map(({ outcome, refusal }) => refusal?.reason ?? outcome);

  test('shows the direction of each facility', () => {
    expect(outcomes('BEAMLINE', 'DISK')).toEqual(Array(4).fill('passed'));
    expect(outcomes('DISK', 'DISK')).toEqual(Array(4).fill('passed'));
    expect(outcomes('TAPE', 'BEAMLINE').slice(0, 2)).toEqual([
      'source-direction',
      'destination-direction',
    ]);
    expect(
      authorization.apply(document, { sourceFacility: 'TAPE', destFacility: 'BEAMLINE' }).rules,
    ).toMatchObject([
      { message: 'Facility "TAPE" can\'t be the source of a transfer: its direction is DST.' },
      {
        message:
          'Facility "BEAMLINE" can\'t be the destination of a transfer: its direction is SRC.',
      },
      {},
      {},
    ]);
  });

  test.each(['beamline', '', '__proto__', 'constructor'])('%p is unknown', (name) => {
    const names = { sourceFacility: name, destFacility: 'DISK' };
    expect(authorization.apply(document, names)).toMatchObject({
      source: undefined,
      destination: disk,
      rules: [
        {
          message: `Unknown facility "${name}". Available facilities: BEAMLINE, TAPE, DISK.`,
          refusal: { reason: 'source-unknown' },
        },
        { outcome: 'passed' },
        { outcome: 'not-checked' },
        { outcome: 'passed' },
      ],
    });
  });

  test("each facility is asked by its own rule: the source's group opens no destination", () => {
    expect(outcomes('BEAMLINE', 'TAPE').slice(2)).toEqual(['passed', 'access:TAPE']);
  });
});
