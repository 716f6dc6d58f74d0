import { describe, expect, it } from '@jest/globals';
import { settings } from '../../test/support/fake-probes.js';
import { fixedFolder, scopesVerdict, type ScopesDeps } from './facility-checks.js';

const OWN = '6c54cade-bde5-45c1-bdea-f4bd71dba2cc';
const OTHER = '31ce9ba0-176d-45a5-add3-f37d233ba47d';
const TRANSFER = 'urn:globus:auth:scope:transfer.api.globus.org:all';
const withData = (id: string): string =>
  `${TRANSFER}[*https://auth.globus.org/scopes/${id}/data_access]`;

const MAPPED = { entityType: 'GCSv5_mapped_collection', highAssurance: false };
const HIGH_ASSURANCE = { entityType: 'GCSv5_mapped_collection', highAssurance: true };
const GUEST = { entityType: 'GCSv5_guest_collection', highAssurance: false };
const PERSONAL = { entityType: 'GCP_mapped_collection', highAssurance: false };
const UNKNOWN = { entityType: undefined, highAssurance: undefined };

const given = { kind: 'given' } as const;
const refused = { kind: 'scope-refused', mark: 'status 400, UNKNOWN_SCOPE_ERROR' } as const;

function verdict(
  facts: ScopesDeps['facts'],
  scopes: readonly string[],
  token: ScopesDeps['token'],
  unset: readonly string[] = [],
) {
  return scopesVerdict({
    facility: { collection: OWN, scopes },
    facts,
    token,
    setting: 'facilities[1].scopes',
    settings: settings(unset),
  });
}

describe('scopes', () => {
  it.each<[string, ScopesDeps['facts'], string, string]>([
    [
      'data_access where it is needed',
      MAPPED,
      withData(OWN),
      'Globus Auth issued a token with data_access, which the collection needs.',
    ],
    [
      'none where none is needed',
      GUEST,
      TRANSFER,
      'Globus Auth issued a token; the collection needs no data_access.',
    ],
    [
      'the id in capitals',
      MAPPED,
      withData(OWN.toUpperCase()),
      'Globus Auth issued a token with data_access, which the collection needs.',
    ],
  ])('fit: %s', (_what, facts, scope, message) => {
    expect(verdict(facts, [scope], given)).toEqual({ outcome: 'ok', message, advice: '' });
  });

  it.each([
    ['guest', GUEST],
    ['high assurance', HIGH_ASSURANCE],
    ['personal', PERSONAL],
  ])(
    'with a data_access that the collection does not have (%s): names the line to change',
    (_kind, facts) => {
      const message =
        'Globus Auth does not know one of the scopes (status 400, UNKNOWN_SCOPE_ERROR), and issues no token for transfers with this facility. The collection has no data_access scope: only mapped collections without high assurance have one.';
      expect(verdict(facts, [withData(OWN)], refused)).toEqual({
        outcome: 'broken',
        message,
        advice: `Change facilities[1].scopes (/proxy.yaml:7) to scopes: ['${TRANSFER}']`,
      });
      expect(verdict(facts, [withData(OWN)], refused, ['facilities[1].scopes']).advice).toBe(
        `Add the line scopes: ['${TRANSFER}'] to facilities[1] (/proxy.yaml:7)`,
      );
    },
  );

  it('with an unknown data_access of another collection', () => {
    expect(verdict(MAPPED, [withData(OWN), withData(OTHER)], refused)).toMatchObject({
      outcome: 'broken',
      advice: `Check the data_access scope of ${OTHER} in facilities[1].scopes (/proxy.yaml:7): it belongs to another collection.`,
    });
  });

  it('that are not scopes', () => {
    expect(verdict(UNKNOWN, ['nonsense'], refused)).toMatchObject({
      outcome: 'broken',
      advice: 'Check facilities[1].scopes (/proxy.yaml:7), or remove it to use the default scopes.',
    });
  });

  it('without the data_access that the collection has: works after a refusal only', () => {
    expect(verdict(MAPPED, [TRANSFER], given)).toEqual({
      outcome: 'unclear',
      message:
        'The collection has a data_access scope, which is missing from scopes. After each start, the service does not request it until Globus has reported it missing.',
      advice: `Change facilities[1].scopes (/proxy.yaml:7) to scopes: ['${withData(OWN)}']`,
    });
  });

  it('with the data_access of another collection beside its own', () => {
    expect(verdict(MAPPED, [withData(OWN), withData(OTHER)], given)).toMatchObject({
      outcome: 'unclear',
      message: `scopes contains the data_access scope of another collection (${OTHER}).`,
    });
  });

  it('are correct if Globus accepts them, whatever the type of the collection', () => {
    expect(verdict(GUEST, [withData(OWN)], given).outcome).toBe('ok');
    expect(verdict(UNKNOWN, [TRANSFER], given).outcome).toBe('ok');
  });
});

describe('the fixed part of a path template', () => {
  it.each([
    ['/{{ .RelativeSourceFolder }}', '/'],
    ['{{ .RelativeSourceFolder }}', '/'],
    ['/archive/{{ .PidShort }}', '/archive'],
    ['archive//2026/{{ .PidShort }}/x', '/archive/2026'],
    ['/archive/run-{{ .PidShort }}', '/archive'],
    ['/archive/all', '/archive'],
    ['/archive/all/', '/archive/all'],
    ['', '/'],
  ])('%s: %s', (source, folder) => {
    expect(fixedFolder({ source })).toBe(folder);
  });
});
