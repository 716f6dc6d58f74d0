import { expect, test } from '@jest/globals';
import { checkConfig } from './check-config.js';
import { findConfigFile } from './find-config-file.js';
import { formatProblem } from './problem.js';

/** The example file of version 0.2. */
const FORMER = `scicatUrl: "https://scicat.psi.ch/"
facilityCollectionIDs:
  EXAMPLE-1: aaaa1111-22bb-cc44-dd5e-666667777777
  EXAMPLE-2: 8f999999-eeee-0000-dddd-5555cccc4444
globusScopes:
  - "urn:globus:auth:scope:transfer.api.globus.org:all"
port: 8080
facilitySrcGroupTemplate: "SRC-{{ .FacilityName }}"
facilityDstGroupTemplate: "DST-{{ .FacilityName }}"
destinationPathTemplate: "/service_user/{{ .PidShort }}"
task:
  maxConcurrency: 10
`;

test('a configuration of v0.1 or v0.2 is recognized, and each key is told what to write', () => {
  const { problems, fileConfig } = checkConfig({
    file: '',
    text: FORMER,
    variables: { HOME: '/h' },
    platform: 'linux',
    secrets: { kind: 'ignored' },
  });
  expect(fileConfig).toBeUndefined();
  expect(problems.map((problem) => formatProblem(problem).slice(1))).toEqual([
    '2: facilityCollectionIDs: is a setting of versions 0.1 and 0.2; write an entry below "facilities" for each facility, with "- name: EXAMPLE-1" and, on the next line, "collection: aaaa1111-22bb-cc44-dd5e-666667777777"',
    '5: globusScopes: is a setting of versions 0.1 and 0.2; remove it: the scopes follow from the collections, unless "scopes" is set in the entries of "facilities"',
    '8: facilitySrcGroupTemplate: is a setting of versions 0.1 and 0.2; write "accessValue: \'SRC-{{ .Name }}\'" in the entries of "facilities". An entry has one accessValue for both directions: for two groups, write two entries with different names, one with "direction: SRC" and one with "direction: DST"',
    '9: facilityDstGroupTemplate: is a setting of versions 0.1 and 0.2; write "accessValue: \'DST-{{ .Name }}\'" in the entries of "facilities" with "direction: DST"',
    '10: destinationPathTemplate: is a setting of versions 0.1 and 0.2; write "destinationPath: \'/service_user/{{ .PidShort }}\'" in the entries of "facilities"',
  ]);
});

test.each(['/service', '/home/me/.config/globus-transfer-service'])(
  'their file in %s is named, and what to do with it',
  (folder) => {
    const former = `${folder}/globus-transfer-service-conf.yaml`;
    const result = findConfigFile({
      argv: [],
      env: { HOME: '/home/me' },
      platform: 'linux',
      applicationFolder: '/service',
      workingFolder: '/',
      fileExists: (path) => path === former,
    });
    expect(result).toEqual({
      kind: 'not-found',
      message: `No configuration file was found, only ${former}, which is a configuration file for version 0.1 or 0.2. Run "scicat-globus-proxy check-config ${former}" to see what to change, and save the result as /service/scicat-globus-proxy-config.yaml`,
    });
  },
);
