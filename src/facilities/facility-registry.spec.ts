import { describe, expect, test } from '@jest/globals';
import { compileTemplate } from '../templates/template.js';
import { PATH_FIELDS, type Direction, type Facility } from './facility.js';
import { explainAccess } from './access-rule.js';
import { FacilityRegistry } from './facility-registry.js';

function facility(name: string, direction: Direction): Facility {
  return {
    name,
    collection: '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
    direction,
    scopes: [],
    accessPath: 'profile.accessGroups',
    accessValue: name,
    sourcePath: compileTemplate('/{{ .RelativeSourceFolder }}', PATH_FIELDS),
    destinationPath: compileTemplate('/{{ .RelativeSourceFolder }}', PATH_FIELDS),
  };
}

const beamline = facility('BEAMLINE', 'SRC');
const tape = facility('TAPE', 'DST');
const disk = facility('DISK', 'BOTH');
const registry = new FacilityRegistry([beamline, tape, disk]);

describe('the facility registry', () => {
  test('keeps the order of the file', () => {
    expect(registry.all()).toEqual([beamline, tape, disk]);
  });

  test.each([
    ['BEAMLINE', 'source', beamline],
    ['DISK', 'source', disk],
    ['DISK', 'destination', disk],
    ['TAPE', 'destination', tape],
  ] as const)('contract 2, rules 2 and 3: %s may be the %s', (name, role, found) => {
    expect(registry.lookUp(name, role)).toEqual({ kind: 'found', facility: found });
  });

  test('contract 2, rule 2: a DST facility is no source', () => {
    expect(registry.lookUp('TAPE', 'source')).toEqual({
      kind: 'wrong-direction',
      facility: tape,
      message: 'Facility "TAPE" can\'t be the source of a transfer: its direction is DST.',
    });
  });

  test('contract 2, rule 3: an SRC facility is no destination', () => {
    expect(registry.lookUp('BEAMLINE', 'destination')).toEqual({
      kind: 'wrong-direction',
      facility: beamline,
      message: 'Facility "BEAMLINE" can\'t be the destination of a transfer: its direction is SRC.',
    });
  });

  test.each(['beamline', '', '__proto__', 'constructor'])('%p is unknown', (name) => {
    expect(registry.lookUp(name, 'source')).toEqual({
      kind: 'unknown',
      message: `There is no facility named "${name}"; the facilities here are BEAMLINE, TAPE, DISK.`,
    });
  });

  test("S1: each facility is asked by its own rule; the source's groups open no destination", () => {
    const identity = { profile: { accessGroups: ['BEAMLINE'] } };
    expect(explainAccess(beamline, identity).allowed).toBe(true);
    expect(explainAccess(tape, identity).allowed).toBe(false);
  });
});
