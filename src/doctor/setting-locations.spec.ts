import { describe, expect, it } from '@jest/globals';
import { yamlLocations } from './setting-locations.js';

const TEXT = `scicatUrl: https://scicat.example.org
facilities:
  - name: A
    scopes: [a]
  - name: B
    collection: c
`;
const settings = yamlLocations(TEXT, '/proxy.yaml');

describe('settings in the configuration file', () => {
  it.each([
    ['scicatUrl', 'scicatUrl (/proxy.yaml:1)', true],
    ['facilities[0].scopes', 'facilities[0].scopes (/proxy.yaml:4)', true],
    ['facilities[1].collection', 'facilities[1].collection (/proxy.yaml:6)', true],
    // The entry to which it would have to be added.
    ['facilities[1].scopes', 'facilities[1].scopes (/proxy.yaml:5)', false],
  ])('%s', (path, place, isSet) => {
    expect([settings.of(path), settings.isSet(path)]).toEqual([place, isSet]);
  });

  it('are unknown if the file is not YAML', () => {
    const broken = yamlLocations('a: [', '/proxy.yaml');
    expect([broken.of('a'), broken.isSet('a')]).toEqual(['a in /proxy.yaml', false]);
  });
});
