import { expect, test } from '@jest/globals';
import { aFacility, anIdentity } from '../../../test/support/builders.js';
import { facilitiesFor } from './list-facilities.js';

test('each facility is judged by its own rule and its direction', () => {
  const facilities = [
    aFacility('BOTH-WAYS'),
    aFacility('FROM', { direction: 'SRC', accessValue: 'BOTH-WAYS' }),
    aFacility('TO', { direction: 'DST', accessPath: 'profile.username', accessValue: 'alice' }),
    aFacility('CLOSED', { accessPath: 'profile.roles', accessValue: 'beamline scientist' }),
  ];
  const open = { missing: undefined };
  expect(facilitiesFor(facilities, anIdentity({ accessGroups: ['BOTH-WAYS'] }))).toEqual([
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
