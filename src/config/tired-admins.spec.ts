import { describe, expect, test } from '@jest/globals';
import { checkConfig } from './check-config.js';
import { placesOf } from './check-shape.js';
import { formatProblem } from './problem.js';
import { Secret } from './secret.js';
import { parsedYaml, syntaxMistakes } from './yaml-mistakes.js';

/*
 * Configurations as tired administrators write them, each with one mistake, and the one line that is
 * said of it: which line, which key, what is wrong, and what to write.
 */

const GOOD = `scicatUrl: https://scicat.psi.ch
port: 8080
transfer: { syncLevel: 3 }
facilities:
  - name: PSI
    collection: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f
    direction: BOTH
    collectionRootPath: /data
    allowedSourceFolders: ['/data/{{ .OwnerGroup }}']
    destinationPath: '/in/{{ .PidEncoded }}'
`;
const FACILITY = GOOD.slice(GOOD.indexOf('  - name'));

/** What is said of a file; lists that grow with the settings are left out. */
function said(text: string): readonly string[] {
  const { problems } = checkConfig({
    file: '',
    text,
    variables: { HOME: '/h' },
    platform: 'linux',
    secrets: {
      kind: 'complete',
      secrets: {
        globusClientId: 'id',
        globusClientSecret: new Secret('x'),
        scicatServiceUser: { username: 'u', password: new Secret('x') },
      },
    },
  });
  return problems.map((problem) => {
    const line = formatProblem(problem)
      .slice(1)
      .replace(/(known settings|Known fields|Known functions): [^;]*/, '$1: …');
    return problem.severity === 'warning' ? `warning: ${line}` : line;
  });
}

/** Written instead of a part of the good file; "+" stands for more at its end. */
type Row = readonly [part: string, written: string, line: string];

const changed = (part: string, written: string): string => {
  if (part === '+') return `${GOOD}${written}`;
  expect(GOOD).toContain(part);
  return GOOD.replace(part, () => written);
};

test('a good file is not commented on', () => {
  expect(said(GOOD)).toEqual([]);
  expect(said(GOOD.replaceAll('\n', '\r\n'))).toEqual([]);
  expect(said(changed('port: 8080', 'port:\t8080\t# a tab between is fine'))).toEqual([]);
  expect(said(GOOD.replace('  - name', '- name').replaceAll('\n    ', '\n  '))).toEqual([]);
});

describe('one mistake, one message', () => {
  const rows: readonly Row[] = [
    [
      'transfer: { syncLevel: 3 }',
      'transfer: { syncLevel: 3 }\ntask: { stallTimeout: 01:00:00 }',
      '4: task.stallTimeout: is the string "01:00:00"; it must be a whole number of at least 0; write a number of seconds',
    ],
    [
      '+',
      'globus: { authUrl: https://auth.globus.org/v2/oauth2/token }',
      'warning: 11: globus.authUrl: contains the path "/v2/oauth2/token", which the service adds itself; write "https://auth.globus.org"',
    ],
    [
      'https://scicat.psi.ch',
      'https://scicat.psi.ch/api/v4/',
      '1: scicatUrl: ends in "/api/v4/", which the service adds itself; write "https://scicat.psi.ch"',
    ],
    [
      'https://scicat.psi.ch',
      'https:/user:pw12345@h',
      '1: scicatUrl: is the string "https:/…@h"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"',
    ],
    [
      'direction: BOTH',
      'direction: BOTH\n    accessPath: \'profile.oidcClaims["https://psi.ch/groups"]\'',
      '8: facilities[0].accessPath: is a path in another notation, which leads nowhere; write names separated by dots, such as profile.oidcClaims."https://psi.ch/groups"',
    ],
    [
      'direction: BOTH',
      "direction: BOTH\n    accessPath: '$.profile.accessGroups'",
      '8: facilities[0].accessPath: is a path in another notation, which leads nowhere; write names separated by dots, such as profile.oidcClaims."https://psi.ch/groups"',
    ],
    [
      "'/in/{{ .PidEncoded }}'",
      '{{ .PidEncoded }}',
      '10: facilities[0].destinationPath: begins with "{{", which YAML reads as a mapping; put the value in quotes: \'{{ .PidEncoded }}\'',
    ],
    [
      "'/in/{{ .PidEncoded }}'",
      '{{ .PidEncoded }}/x # note',
      '10: destinationPath (YAML syntax): begins with "{{", which YAML reads as a mapping; put the value in quotes: \'{{ .PidEncoded }}/x\'',
    ],
    [
      "['/data/{{ .OwnerGroup }}']",
      '[/data/{{ .OwnerGroup }}, /x/{{ .Pid }}]',
      '9: allowedSourceFolders (YAML syntax): has "{{" in a list or mapping on one line, where YAML reads it as another mapping; put the template in quotes: \'/data/{{ .OwnerGroup }}\'',
    ],
    [
      "['/data/{{ .OwnerGroup }}']",
      '[{{ .SourceFolder }}]',
      '9: facilities[0].allowedSourceFolders[0]: begins with "{{", which YAML reads as a mapping; put the value in quotes: \'{{ .SourceFolder }}\'',
    ],
    [
      'port: 8080',
      'port:8080',
      '2: port (YAML syntax): needs a space after the colon; write "port: 8080"',
    ],
    [
      'port: 8080',
      'port :8080',
      '2: port (YAML syntax): needs a space after the colon; write "port: 8080"',
    ],
    [
      'port: 8080',
      'port=8080',
      '2: port (YAML syntax): is followed by "=", but YAML uses a colon; write "port: 8080"',
    ],
    [
      'port: 8080',
      'port = 8080',
      '2: port (YAML syntax): is followed by "=", but YAML uses a colon; write "port: 8080"',
    ],
    ['port: 8080', 'port 8080', '2: port (YAML syntax): needs a colon; write "port: 8080"'],
    [
      'port: 8080',
      'port：8080',
      '2: port (YAML syntax): is followed by "：", but YAML uses a colon; write "port: 8080"',
    ],
    [
      'scicatUrl: h',
      'scicatUrl:h',
      '1: scicatUrl (YAML syntax): needs a space after the colon; write "scicatUrl: https://scicat.psi.ch"',
    ],
    [
      'name: PSI',
      'name:PSI',
      '5: name (YAML syntax): needs a space after the colon; write "name: PSI"',
    ],
    [
      'direction: BOTH',
      'direction:BOTH',
      '7: direction (YAML syntax): needs a space after the colon; write "direction: BOTH"',
    ],
    [
      '+',
      'task:\n  maxConcurrency:5\n',
      '12: task.maxConcurrency: needs a space after the colon; write "maxConcurrency: 5"',
    ],
    [
      '+',
      'task:\n  maxConcurrency:5\n  queueSize:5\n',
      '12: task.maxConcurrency: needs a space after the colon; write "maxConcurrency: 5 queueSize:5"',
    ],
    [
      '    direction',
      '\tdirection',
      '7: direction (YAML syntax): is indented with a tab, which YAML does not allow; use spaces only, two for each level',
    ],
    [
      '+',
      'task:\n\tmaxConcurrency: 5\n',
      '12: maxConcurrency (YAML syntax): is indented with a tab, which YAML does not allow; use spaces only, two for each level',
    ],
    [
      '    direction',
      '  \tdirection',
      '7: direction (YAML syntax): is indented with a tab, which YAML does not allow; use spaces only, two for each level',
    ],
    [
      '+',
      'task:\n  queueSize: 1\n',
      '12:   queueSize: begins or ends with a character that only looks like a space; retype the line, with spaces only before "queueSize"',
    ],
    [
      'port: 8080',
      'port: 8080',
      '2: port (YAML syntax): has a no-break space after the colon, which looks like a space but is not one; write "port: 8080"',
    ],
    [
      '    direction',
      '     direction',
      '7: direction (YAML syntax): is indented by 5 spaces, but its block by 4 spaces; begin the line with 4 spaces',
    ],
    [
      '    direction',
      '   direction',
      '7: direction (YAML syntax): is indented by 3 spaces, but its block by 4 spaces; begin the line with 4 spaces',
    ],
    [
      '    direction',
      '  direction',
      '7: direction (YAML syntax): is indented by 2 spaces, but its block by 4 spaces; begin the line with 4 spaces',
    ],
    [
      '    direction',
      'direction',
      '7: direction (YAML syntax): is indented by 0 spaces, but its block by 4 spaces; begin the line with 4 spaces',
    ],
    [
      '+',
      'task:\nmaxConcurrency: 5\n',
      'warning: 12: maxConcurrency: is not a known setting and has no effect: it belongs to the section "task"; write it there, indented like the other lines of that block',
    ],
    [
      '+',
      'task:\n  maxConcurrency: 5\n   queueSize: 1\n',
      '13: queueSize (YAML syntax): is indented by 3 spaces, but its block by 2 spaces; begin the line with 2 spaces',
    ],
    [
      '+',
      'task:\n  maxConcurrency: 5\n queueSize: 1\n',
      '13: queueSize (YAML syntax): is indented by 1 space, but its block by 2 spaces; begin the line with 2 spaces',
    ],
    [
      '+',
      '  task:\n    queueSize: 5\n',
      '11: task (YAML syntax): is indented by 2 spaces, but its block is not; begin it at the start of the line',
    ],
    [
      '+',
      "   - name: ESRF\n     collection: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f\n     direction: BOTH\n     collectionRootPath: /data\n     allowedSourceFolders: ['/data/{{ .OwnerGroup }}']\n     destinationPath: '/in/{{ .PidEncoded }}'\n",
      '11: name (YAML syntax): is indented by 3 spaces, but its block by 2 spaces; begin the line with 2 spaces',
    ],
    [
      '+',
      " - name: ESRF\n   collection: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f\n   direction: BOTH\n   collectionRootPath: /data\n   allowedSourceFolders: ['/data/{{ .OwnerGroup }}']\n   destinationPath: '/in/{{ .PidEncoded }}'\n",
      '11: name (YAML syntax): is indented by 1 space, but its block by 2 spaces; begin the line with 2 spaces',
    ],
    [
      '+',
      'maxConcurrency: 5\n',
      'warning: 11: maxConcurrency: is not a known setting and has no effect: it belongs to the section "task"; write it there, indented like the other lines of that block',
    ],
    [
      'name: PSI',
      "name: 'PSI",
      "5: name (YAML syntax): begins with a quotation mark (') that is not closed; add the closing one",
    ],
    [
      'name: PSI',
      'name: "PSI',
      '5: name (YAML syntax): begins with a quotation mark (") that is not closed; add the closing one',
    ],
    [
      'https://scicat.psi.ch\nport: 8080',
      "'https://scicat.psi.ch\nport: 8080",
      "1: scicatUrl (YAML syntax): begins with a quotation mark (') that is not closed; add the closing one",
    ],
    [
      'name: PSI',
      "name: 'Paul's'",
      '5: name (YAML syntax): continues after its closing quotation mark (\'); put the value in quotes: "Paul\'s"',
    ],
    [
      'name: PSI',
      'name: "PSI" Villigen',
      "5: name (YAML syntax): continues after its closing quotation mark (\"); put the value in quotes: 'PSI Villigen'",
    ],
    [
      'collectionRootPath: /data',
      'collectionRootPath: "C:\\data"',
      '8: collectionRootPath (YAML syntax): has a backslash, which has a special meaning in "…"; put the value in quotes: \'C:\\data\'',
    ],
    [
      'name: PSI',
      'name: PSI: Villigen',
      "5: name (YAML syntax): has a colon in its value, which YAML reads as another key; put the value in quotes: 'PSI: Villigen'",
    ],
    [
      'https://scicat.psi.ch',
      'https://scicat.psi.ch:',
      "1: scicatUrl (YAML syntax): has a colon in its value, which YAML reads as another key; put the value in quotes: 'https://scicat.psi.ch:'",
    ],
    [
      'name: PSI',
      'name: @PSI',
      '5: name (YAML syntax): begins with "@", which has a special meaning in YAML; put the value in quotes: \'@PSI\'',
    ],
    [
      'name: PSI',
      'name: %PSI',
      '5: name (YAML syntax): begins with "%", which has a special meaning in YAML; put the value in quotes: \'%PSI\'',
    ],
    [
      'name: PSI',
      'name: *PSI',
      '5: facilities[0].name: uses the anchor "PSI", which is not defined above',
    ],
    [
      'name: PSI',
      'name: !PSI',
      '5: facilities[0].name: begins with "!", which has a special meaning in YAML; put the value in quotes: \'!PSI\'',
    ],
    [
      "['/data/{{ .OwnerGroup }}']",
      "['/data/x'",
      '9: allowedSourceFolders (YAML syntax): begins with "[" that is not closed; add "]" where it ends',
    ],
    [
      '{ syncLevel: 3 }',
      '{ syncLevel: 3',
      '3: transfer (YAML syntax): begins with "{" that is not closed; add "}" where it ends',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '[collection-guid]',
      '6: facilities[0].collection: is a list; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; the Globus web app shows it as "UUID" on the page of the collection',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '[collection guid] here',
      '6: collection (YAML syntax): begins with "[", which YAML reads as a list; put the value in quotes: \'[collection guid] here\'',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '<uuid>',
      '6: facilities[0].collection: is the string "<uuid>"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; the Globus web app shows it as "UUID" on the page of the collection',
    ],
    [
      'name: PSI',
      'name: |PSI',
      '5: name (YAML syntax): begins with "|", which has a special meaning in YAML; put the value in quotes: \'|PSI\'',
    ],
    ['+', '// the end\n', '11: YAML syntax: begins with "//"; a comment begins with "#"'],
    [
      '+',
      "---\nscicatUrl: https://scicat.psi.ch\nport: 8080\ntransfer: { syncLevel: 3 }\nfacilities:\n  - name: PSI\n    collection: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f\n    direction: BOTH\n    collectionRootPath: /data\n    allowedSourceFolders: ['/data/{{ .OwnerGroup }}']\n    destinationPath: '/in/{{ .PidEncoded }}'\n",
      '11: YAML syntax: starts a second document, but only one is allowed; remove this line and everything that does not belong here',
    ],
    ['+', 'port: 9090\n', '11: port: is given twice in the same block; keep one of them'],
    [
      '+',
      'transfer:\n  encryptData: true\n',
      '11: transfer: is given twice in the same block; keep one of them',
    ],
    ['+', '\u0000', '11: YAML syntax: contains a control character (U+0000); retype the line'],
    [
      'name: PSI',
      'name: P\u001bSI',
      '5: facilities[0].accessValue: renders with a line break or another control character; write the value on one line, or as a block with "|-"',
    ],
    [
      '+',
      'task: { pollInterval: 10s }\n',
      '11: task.pollInterval: is the string "10s"; it must be a whole number between 1 and 86400; write 10, without a unit: it is a number of seconds',
    ],
    [
      '+',
      'task:\n  pollInterval: 5m\n',
      '12: task.pollInterval: is the string "5m"; it must be a whole number between 1 and 86400; write 300, without a unit: it is a number of seconds',
    ],
    [
      '+',
      'task:\n  stallTimeout: 1 h\n',
      '12: task.stallTimeout: is the string "1 h"; it must be a whole number of at least 0; write 3600, without a unit: it is a number of seconds',
    ],
    [
      '+',
      'task:\n  stallTimeout: 7 days\n',
      '12: task.stallTimeout: is the string "7 days"; it must be a whole number of at least 0; write 604800, without a unit: it is a number of seconds',
    ],
    [
      '+',
      "task:\n  stallTimeout: '1d'\n",
      '12: task.stallTimeout: is the string "1d"; it must be a whole number of at least 0; write 86400, without a unit: it is a number of seconds',
    ],
    [
      '+',
      'task:\n  pollInterval: 2d\n',
      '12: task.pollInterval: is the string "2d"; it must be a whole number between 1 and 86400; write a number of seconds',
    ],
    [
      '+',
      'task:\n  pollInterval: 500ms\n',
      '12: task.pollInterval: is the string "500ms"; it must be a whole number between 1 and 86400; write 1, without a unit: it is a number of seconds',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, deadlineHours: 3d',
      '3: transfer.deadlineHours: is the string "3d"; it must be a whole number between 1 and 8760; write 72, without a unit: it is a number of hours',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, deadlineHours: 72h',
      '3: transfer.deadlineHours: is the string "72h"; it must be a whole number between 1 and 8760; write 72, without a unit: it is a number of hours',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, deadlineHours: 90m',
      '3: transfer.deadlineHours: is the string "90m"; it must be a whole number between 1 and 8760; write 2, without a unit: it is a number of hours',
    ],
    [
      '+',
      'server: { maxBodyMiB: 128M }\n',
      '11: server.maxBodyMiB: is the string "128M"; it must be a whole number between 1 and 1024; write 128, without a unit: it is a number of MiB',
    ],
    [
      '+',
      'server: { maxBodyMiB: 1GB }\n',
      '11: server.maxBodyMiB: is the string "1GB"; it must be a whole number between 1 and 1024; write 1024, without a unit: it is a number of MiB',
    ],
    [
      '+',
      'task: { maxConcurrency: ten }\n',
      '11: task.maxConcurrency: is the string "ten"; it must be a whole number of at least 1',
    ],
    [
      '+',
      "task: { maxConcurrency: '10' }\n",
      '11: task.maxConcurrency: is the string "10"; it must be a whole number of at least 1; write 10, without quotes',
    ],
    [
      '+',
      'task: { queueSize: 1_000 }\n',
      '11: task.queueSize: is the string "1_000"; it must be a whole number of at least 0; write 1000',
    ],
    [
      '+',
      "task: { progressWritesPerSecond: '0,5' }\n",
      '11: task.progressWritesPerSecond: is the string "0,5"; it must be a number between 0.1 and 10000; write 0.5',
    ],
    [
      '+',
      'task: { progressWritesPerSecond: 5/s }\n',
      '11: task.progressWritesPerSecond: is the string "5/s"; it must be a number between 0.1 and 10000; write 5',
    ],
    [
      'port: 8080',
      "port: '8080'",
      '2: port: is the string "8080"; it must be a whole number between 1 and 65535; write 8080, without quotes',
    ],
    [
      'port: 8080',
      'port: 8080/tcp',
      '2: port: is the string "8080/tcp"; it must be a whole number between 1 and 65535; write 8080',
    ],
    [
      'port: 8080',
      'port: 0.0.0.0:8080',
      '2: port: is the string "0.0.0.0:8080"; it must be a whole number between 1 and 65535; write 8080',
    ],
    [
      'port: 8080',
      'port: 8080:8080',
      '2: port: is the string "8080:8080"; it must be a whole number between 1 and 65535; write 8080',
    ],
    [
      'port: 8080',
      'port: 8080,',
      '2: port: is the string "8080,"; it must be a whole number between 1 and 65535; write 8080',
    ],
    [
      'port: 8080',
      'port: ${PORT}',
      '2: port: is the string "${PORT}"; it must be a whole number between 1 and 65535; variables are not replaced in this file; write the value itself',
    ],
    [
      'port: 8080',
      'port: [8080]',
      '2: port: is a list; it must be a whole number between 1 and 65535; write 8080',
    ],
    ['port: 8080', 'port:', '2: port: has no value; add one, or remove the line'],
    [
      'port: 8080',
      'port: “8080”',
      '2: port: is in typographic quotes (“…”), which count as part of the value; write 8080',
    ],
    [
      'name: PSI',
      'name: 42',
      "5: facilities[0].name: is 42; it must be the name of the facility; put it in quotes: '42'",
    ],
    [
      'name: PSI',
      'name: 007',
      "5: facilities[0].name: is 7; it must be the name of the facility; put it in quotes: '007'",
    ],
    [
      'name: PSI',
      'name: true',
      "5: facilities[0].name: is true; it must be the name of the facility; put it in quotes: 'true'",
    ],
    [
      'name: PSI',
      'name: 1e3',
      "5: facilities[0].name: is 1000; it must be the name of the facility; put it in quotes: '1e3'",
    ],
    ['name: PSI', 'name: ~', '5: facilities[0].name: has no value; add one, or remove the line'],
    [
      'name: PSI',
      'name: [PSI]',
      '5: facilities[0].name: is a list; it must be the name of the facility; write PSI',
    ],
    [
      'name: PSI',
      'name: “PSI”',
      '5: facilities[0].name: is in typographic quotes (“…”), which count as part of the value; write PSI',
    ],
    [
      'name: PSI',
      'name: ‘PSI’',
      '5: facilities[0].name: is in typographic quotes (‘…’), which count as part of the value; write PSI',
    ],
    [
      'name: PSI',
      "name: 'PSI '",
      'warning: 5: facilities[0].name: ends with a space, and callers must send it exactly so; write "PSI"',
    ],
    [
      'name: PSI',
      "name: ' PSI'",
      'warning: 5: facilities[0].name: begins with a space, and callers must send it exactly so; write "PSI"',
    ],
    [
      'name: PSI',
      'name: PSI ',
      'warning: 5: facilities[0].name: contains a no-break space (U+00A0), which only looks like a space; retype the value: PSI',
    ],
    [
      '    direction',
      '    accessValue: 12345\n    direction',
      "7: facilities[0].accessValue: is 12345; it must be the string that users of the facility have at accessPath; an empty string matches no user. Specify a value, or remove the line to use the default, the facility's name; put it in quotes: '12345'",
    ],
    [
      '    direction',
      '    accessValue: [a]\n    direction',
      "7: facilities[0].accessValue: is a list; it must be the string that users of the facility have at accessPath; an empty string matches no user. Specify a value, or remove the line to use the default, the facility's name; write a",
    ],
    [
      '    direction',
      '    accessPath: [profile, accessGroups]\n    direction',
      '7: facilities[0].accessPath: is a list; it must be a dot path such as "profile.accessGroups"; an empty path would deny access to every user. Specify a path, or remove the line to use the default',
    ],
    [
      '    direction',
      '    accessPath: profile."x.y\n    direction',
      '7: facilities[0].accessPath: renders as "profile."x.y", which has a quotation mark that is not closed; it must be names separated by single dots, such as "profile.accessGroups"; quotation marks, if any, must enclose a whole name, as in profile.oidcClaims."https://psi.ch/groups"',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: yes',
      '3: transfer.verifyChecksum: is the string "yes"; it must be true or false, without quotes; write true',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: no',
      '3: transfer.verifyChecksum: is the string "no"; it must be true or false, without quotes; write false',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: on',
      '3: transfer.verifyChecksum: is the string "on"; it must be true or false, without quotes; write true',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: off',
      '3: transfer.verifyChecksum: is the string "off"; it must be true or false, without quotes; write false',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: "true"',
      '3: transfer.verifyChecksum: is the string "true"; it must be true or false, without quotes; write true',
    ],
    [
      'syncLevel: 3',
      "syncLevel: 3, verifyChecksum: 'False'",
      '3: transfer.verifyChecksum: is the string "False"; it must be true or false, without quotes; write false',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: 1',
      '3: transfer.verifyChecksum: is 1; it must be true or false, without quotes; write true',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: 0',
      '3: transfer.verifyChecksum: is 0; it must be true or false, without quotes; write false',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: Y',
      '3: transfer.verifyChecksum: is the string "Y"; it must be true or false, without quotes; write true',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: enabled',
      '3: transfer.verifyChecksum: is the string "enabled"; it must be true or false, without quotes; write true',
    ],
    [
      'syncLevel: 3',
      'syncLevel: 3, verifyChecksum: [true]',
      '3: transfer.verifyChecksum: is a list; it must be true or false, without quotes; write true',
    ],
    [
      '+',
      'watch: yes\n',
      '11: watch: is the string "yes"; it must be true or false, without quotes; write true',
    ],
    [
      'direction: BOTH',
      'direction: src',
      '7: facilities[0].direction: is the string "src"; it must be one of SRC, DST, BOTH; did you mean "SRC"?',
    ],
    [
      'direction: BOTH',
      'direction: source',
      '7: facilities[0].direction: is the string "source"; it must be one of SRC, DST, BOTH; did you mean "SRC"?',
    ],
    [
      'direction: BOTH',
      'direction: IN',
      '7: facilities[0].direction: is the string "IN"; it must be one of SRC, DST, BOTH; did you mean "DST"?',
    ],
    [
      'direction: BOTH',
      'direction: both',
      '7: facilities[0].direction: is the string "both"; it must be one of SRC, DST, BOTH; did you mean "BOTH"?',
    ],
    [
      'direction: BOTH',
      'direction: SRC,DST',
      '7: facilities[0].direction: is the string "SRC,DST"; it must be one of SRC, DST, BOTH; did you mean "BOTH"?',
    ],
    [
      'direction: BOTH',
      'direction: [SRC, DST]',
      '7: facilities[0].direction: is a list; it must be one of SRC, DST, BOTH; did you mean "BOTH"?',
    ],
    [
      'direction: BOTH',
      'direction: "DST "',
      '7: facilities[0].direction: is the string "DST "; it must be one of SRC, DST, BOTH; did you mean "DST"?',
    ],
    [
      'direction: BOTH',
      'direction: in',
      '7: facilities[0].direction: is the string "in"; it must be one of SRC, DST, BOTH; did you mean "DST"?',
    ],
    [
      'direction: BOTH',
      'direction: destination',
      '7: facilities[0].direction: is the string "destination"; it must be one of SRC, DST, BOTH; did you mean "DST"?',
    ],
    [
      'direction: BOTH',
      'direction: "SRC and DST"',
      '7: facilities[0].direction: is the string "SRC and DST"; it must be one of SRC, DST, BOTH; did you mean "BOTH"?',
    ],
    [
      'direction: BOTH',
      'direction: bidirectional',
      '7: facilities[0].direction: is the string "bidirectional"; it must be one of SRC, DST, BOTH; did you mean "BOTH"?',
    ],
    [
      'syncLevel: 3',
      "syncLevel: '3'",
      '3: transfer.syncLevel: is the string "3"; it must be one of 0, 1, 2, 3; write 3, without quotes',
    ],
    [
      'syncLevel: 3',
      'syncLevel: checksum',
      '3: transfer.syncLevel: is the string "checksum"; it must be one of 0, 1, 2, 3',
    ],
    [
      'syncLevel: 3',
      'syncLevel: true',
      '3: transfer.syncLevel: is true; it must be one of 0, 1, 2, 3',
    ],
    ['syncLevel: 3', 'syncLevel: 4', '3: transfer.syncLevel: is 4; it must be one of 0, 1, 2, 3'],
    [
      'syncLevel: 3',
      'syncLevel: size',
      '3: transfer.syncLevel: is the string "size"; it must be one of 0, 1, 2, 3',
    ],
    [
      '    direction',
      '    scopes: urn:globus:auth:scope:transfer.api.globus.org:all\n    direction',
      '7: facilities[0].scopes: is the string "urn:globus:auth:scope:transfer.api.globus.org:all"; it must be a list of Globus scopes; write [\'urn:globus:auth:scope:transfer.api.globus.org:all\']',
    ],
    [
      "['/data/{{ .OwnerGroup }}']",
      '/data/x',
      '9: facilities[0].allowedSourceFolders: is the string "/data/x"; it must be a list of folder templates such as "/data/{{ .OwnerGroup }}"; write [\'/data/x\']',
    ],
    [
      "['/data/{{ .OwnerGroup }}']",
      '/data/x, /data/y',
      '9: facilities[0].allowedSourceFolders: is the string "/data/x, /data/y"; it must be a list of folder templates such as "/data/{{ .OwnerGroup }}"; write [\'/data/x\', \'/data/y\']',
    ],
    [
      "['/data/{{ .OwnerGroup }}']",
      '{ a: /data }',
      '9: facilities[0].allowedSourceFolders: is a mapping; it must be a list of folder templates such as "/data/{{ .OwnerGroup }}"',
    ],
    [
      "['/data/{{ .OwnerGroup }}']",
      '[1]',
      '9: facilities[0].allowedSourceFolders: is a list; it must be a list of folder templates such as "/data/{{ .OwnerGroup }}", each a non-empty string; put 1 in quotes: \'1\'',
    ],
    [
      '.PidEncoded',
      '.OwnerGroup',
      '10: facilities[0].destinationPath: is not a valid template: unknown field ".OwnerGroup". Known fields: …; ".OwnerGroup" is a variable of allowedSourceFolders only; use another one here, such as ".Username" or ".PidEncoded"',
    ],
    [
      '.PidEncoded',
      '.Name',
      '10: facilities[0].destinationPath: is not a valid template: unknown field ".Name". Known fields: …; write it out: PSI',
    ],
    [
      '.PidEncoded',
      '.Collection',
      '10: facilities[0].destinationPath: is not a valid template: unknown field ".Collection". Known fields: …; write it out: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
    ],
    [
      '.PidEncoded',
      'PidEncoded',
      '10: facilities[0].destinationPath: is not a valid template: unknown function "PidEncoded"; did you mean ".PidEncoded"? Known functions: …',
    ],
    [
      '{{ .PidEncoded }}',
      '{ .PidEncoded }',
      'warning: 10: facilities[0].destinationPath: has "{ .PidEncoded }", which is taken literally; write "{{ .PidEncoded }}", and the whole value in quotes',
    ],
    [
      '{{ .PidEncoded }}',
      '${PidEncoded}',
      'warning: 10: facilities[0].destinationPath: has "${PidEncoded}", which is taken literally; write "{{ .PidEncoded }}", and the whole value in quotes',
    ],
    [
      '{{ .PidEncoded }}',
      '<pid>',
      'warning: 10: facilities[0].destinationPath: has "<pid>", which is taken literally; write "{{ .Pid }}", and the whole value in quotes',
    ],
    [
      '{{ .PidEncoded }}',
      '%PidEncoded%',
      'warning: 10: facilities[0].destinationPath: has "%PidEncoded%", which is taken literally; write "{{ .PidEncoded }}", and the whole value in quotes',
    ],
    [
      '{{ .PidEncoded }}',
      '{{ .PidEncoded }',
      '10: facilities[0].destinationPath: is not a valid template: unexpected "}"; a field, a string, a number, a variable or a function is expected',
    ],
    [
      '/in/{{ .PidEncoded }}',
      '\\\\in\\\\{{ .PidEncoded }}',
      'warning: 10: facilities[0].destinationPath: has a backslash, which is not a folder separator here; write "/"',
    ],
    [
      'collectionRootPath: /data',
      'collectionRootPath: data',
      '8: facilities[0].collectionRootPath: renders as "data"; it must be an absolute path without "." and ".." segments, such as "/data"',
    ],
    [
      'collectionRootPath: /data',
      'collectionRootPath: globus://x/data',
      '8: facilities[0].collectionRootPath: renders as "globus://x/data"; it must be an absolute path without "." and ".." segments, such as "/data"',
    ],
    [
      'collectionRootPath: /data',
      "collectionRootPath: 'D:\\data'",
      '8: facilities[0].collectionRootPath: renders as "D:\\data"; it must be an absolute path without "." and ".." segments, such as "/data"',
    ],
    [
      'collectionRootPath: /data',
      'collectionRootPath: ~/data',
      '8: facilities[0].collectionRootPath: renders as "~/data"; it must be an absolute path without "." and ".." segments, such as "/data"',
    ],
    [
      'https://scicat.psi.ch',
      'scicat.psi.ch',
      '1: scicatUrl: is the string "scicat.psi.ch"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://scicat.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      'localhost:3000',
      '1: scicatUrl: is the string "localhost:3000"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'http://localhost:3000\'',
    ],
    [
      'https://scicat.psi.ch',
      'http:/s.psi.ch',
      '1: scicatUrl: is the string "http:/s.psi.ch"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'http://s.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      'https//s.psi.ch',
      '1: scicatUrl: is the string "https//s.psi.ch"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://s.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      'https:\\\\s.psi.ch',
      '1: scicatUrl: is the string "https:\\\\\\\\s.psi.ch"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://s.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      'htps://s.psi.ch',
      '1: scicatUrl: is the string "htps://s.psi.ch"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://s.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      'https://s.psi.ch/api/v3',
      '1: scicatUrl: ends in "/api/v3", which the service adds itself; write "https://s.psi.ch"',
    ],
    [
      'https://scicat.psi.ch',
      '"https://s.psi.ch "',
      '1: scicatUrl: is the string "https://s.psi.ch "; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://s.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      '“https://s.psi.ch”',
      "1: scicatUrl: is in typographic quotes (“…”), which count as part of the value; write 'https://s.psi.ch'",
    ],
    [
      'https://scicat.psi.ch',
      '<https://s.psi.ch>',
      '1: scicatUrl: is the string "<https://s.psi.ch>"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://s.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      'https://u:p@s.psi.ch',
      '1: scicatUrl: is the string "https://…@s.psi.ch"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://s.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      'https://s.psi.ch/?a=b',
      '1: scicatUrl: is the string "https://s.psi.ch/?a=b"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://s.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      'https://s.psi.ch/#/x',
      '1: scicatUrl: is the string "https://s.psi.ch/#/x"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://s.psi.ch\'',
    ],
    [
      'https://scicat.psi.ch',
      '${SCICAT}',
      '1: scicatUrl: is the string "${SCICAT}"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; variables are not replaced in this file; write the value itself',
    ],
    [
      'https://scicat.psi.ch',
      '[https://s.psi.ch]',
      '1: scicatUrl: is a list; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"',
    ],
    [
      'https://scicat.psi.ch',
      'https://s.psi.ch:99999',
      '1: scicatUrl: is the string "https://s.psi.ch:99999"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"',
    ],
    [
      'https://scicat.psi.ch',
      '10.0.0.1',
      '1: scicatUrl: is the string "10.0.0.1"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"; write \'https://10.0.0.1\'',
    ],
    [
      'https://scicat.psi.ch',
      'https://s psi.ch',
      '1: scicatUrl: is the string "https://s psi.ch"; it must be an http or https URL such as "https://scicat.example.org", without user name, password, "?" and "#"',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '{0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f}',
      '6: facilities[0].collection: is a mapping; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; write 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '"{0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f}"',
      '6: facilities[0].collection: is the string "{0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f}"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; write 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '0b8e0d3c4f5a4c6b9d7e1a2b3c4d5e6f',
      '6: facilities[0].collection: is the string "0b8e0d3c4f5a4c6b9d7e1a2b3c4d5e6f"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; write 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      'urn:uuid:0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '6: facilities[0].collection: is the string "urn:uuid:0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; write 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      'https://app.globus.org/file-manager?origin_id=0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '6: facilities[0].collection: is the string "https://app.globus.org/file-manager?origin_id=0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e…"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; write 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '" 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f"',
      '6: facilities[0].collection: is the string " 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; write 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      'psi#data',
      '6: facilities[0].collection: is the string "psi#data"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; the Globus web app shows it as "UUID" on the page of the collection',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6',
      '6: facilities[0].collection: is the string "0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f#x',
      '6: facilities[0].collection: is the string "0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f#x"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; write 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      'globus://0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f/x',
      '6: facilities[0].collection: is the string "globus://0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f/x"; it must be the id of the facility\'s Globus collection, a UUID such as "6c54cade-bde5-45c1-bdea-f4bd71dba2cc"; write 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
    ],
    [
      '+',
      'server:\n  host: "*"\n',
      '12: server.host: is the string "*"; it must be an address to listen on, such as "0.0.0.0"; write "0.0.0.0", for all interfaces',
    ],
    [
      '+',
      'server:\n  host: http://0.0.0.0:8080\n',
      '12: server.host: is the string "http://0.0.0.0:8080"; it must be an address to listen on, such as "0.0.0.0"; write "0.0.0.0"; the port is a setting of its own',
    ],
    [
      '+',
      'server:\n  host: 0.0.0.0:8080\n',
      '12: server.host: is the string "0.0.0.0:8080"; it must be an address to listen on, such as "0.0.0.0"; write "0.0.0.0"; the port is a setting of its own',
    ],
    [
      '+',
      'server:\n  host: "[::1]"\n',
      '12: server.host: is the string "[::1]"; it must be an address to listen on, such as "0.0.0.0"; write "::1"; the port is a setting of its own',
    ],
    [
      '+',
      'server:\n  host: 0\n',
      '12: server.host: is 0; it must be an address to listen on, such as "0.0.0.0"; write "0.0.0.0", for all interfaces',
    ],
    [
      '+',
      'server:\n  host: 127.0.0.1/8\n',
      '12: server.host: is the string "127.0.0.1/8"; it must be an address to listen on, such as "0.0.0.0"; write "127.0.0.1"; the port is a setting of its own',
    ],
    [
      '+',
      'server:\n  host: my host\n',
      '12: server.host: is the string "my host"; it must be an address to listen on, such as "0.0.0.0"',
    ],
    [
      '+',
      'server:\n  host: 8080\n',
      '12: server.host: is 8080; it must be an address to listen on, such as "0.0.0.0"; the port is a setting of its own, "port"',
    ],
    [
      '+',
      'server:\n  trustProxy: yes\n',
      '12: server.trustProxy: is the string "yes"; it must be true, false, the number of proxies in front, or their addresses such as "loopback, 10.0.0.0/8"; write true',
    ],
    [
      '+',
      "server:\n  trustProxy: 'true'\n",
      '12: server.trustProxy: is the string "true"; it must be true, false, the number of proxies in front, or their addresses such as "loopback, 10.0.0.0/8"; write true',
    ],
    [
      '+',
      "server:\n  trustProxy: '1'\n",
      '12: server.trustProxy: is the string "1"; it must be true, false, the number of proxies in front, or their addresses such as "loopback, 10.0.0.0/8"; write 1',
    ],
    [
      '+',
      'server:\n  trustProxy: [10.0.0.0/8, loopback]\n',
      '12: server.trustProxy: is a list; it must be true, false, the number of proxies in front, or their addresses such as "loopback, 10.0.0.0/8"; write \'10.0.0.0/8, loopback\'',
    ],
    [
      '+',
      'server:\n  trustProxy: nginx\n',
      '12: server.trustProxy: is the string "nginx"; it must be true, false, the number of proxies in front, or their addresses such as "loopback, 10.0.0.0/8"',
    ],
    [
      '+',
      'task:\n  - maxConcurrency: 5\n',
      '12: task: is a list; it must be a mapping with keys such as maxConcurrency, queueSize, pollInterval; remove the "-" before its keys',
    ],
    [
      '+',
      'task: 5\n',
      '11: task: is 5; it must be a mapping with keys such as maxConcurrency, queueSize, pollInterval',
    ],
    [
      '+',
      'dataDir: ~/x\n',
      '11: dataDir: is the string "~/x", but "~" has no meaning here; write the whole path',
    ],
    [
      '+',
      'dataDir: $HOME/x\n',
      'warning: 11: dataDir: has "$HOME", but variables are not replaced in this file; write the whole path',
    ],
    [
      '+',
      'dataDir: “/var/x”\n',
      '11: dataDir: is in typographic quotes (“…”), which count as part of the value; write /var/x',
    ],
    [
      '+',
      'dataDir: 5\n',
      '11: dataDir: is 5; it must be the path of a folder, such as "/var/lib/scicat-globus-proxy"; put it in quotes: \'5\'',
    ],
    [
      '+',
      'scicat:\n  formerServiceUsers: old\n',
      '12: scicat.formerServiceUsers: is the string "old"; it must be a list of user names; write [\'old\']',
    ],
    [
      '+',
      'task:\n  concurrency: 5\n',
      '12: task.concurrency: is not a known setting here; known settings: …; did you mean "maxConcurrency"?',
    ],
    [
      '+',
      'tasks:\n  maxConcurrency: 5\n',
      'warning: 11: tasks: is not a known setting and has no effect; if it only holds YAML anchors, start its name with "x-"; did you mean "task"?',
    ],
    [
      '+',
      'globus:\n  clientSecret: abc\n',
      '12: globus.clientSecret: is not a setting of this file: secrets are set in the environment or in .env; see "Secrets" in docs/configuration.md',
    ],
    [
      '+',
      'GLOBUS_CLIENT_SECRET: abc\n',
      'warning: 11: GLOBUS_CLIENT_SECRET: is not a setting of this file: secrets are set in the environment or in .env; see "Secrets" in docs/configuration.md',
    ],
    [
      'https://scicat.psi.ch',
      'https://scicat.example.org',
      'warning: 1: scicatUrl: is still an example value, "scicat.example.org"; write the address of your own SciCat',
    ],
    [
      'https://scicat.psi.ch',
      'http://scicat:3000',
      'warning: 1: scicatUrl: is not encrypted: passwords and tokens can be read in transit to scicat; use https for SciCat',
    ],
    [
      'https://scicat.psi.ch',
      'http://10.0.0.1',
      'warning: 1: scicatUrl: is not encrypted: passwords and tokens can be read in transit to 10.0.0.1; use https for SciCat',
    ],
    [
      '0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f',
      '31ce9ba0-176d-45a5-add3-f37d233ba47d',
      'warning: 6: facilities[0].collection: is still an example value; write the id of your own collection, which the Globus web app shows as "UUID"',
    ],
    [
      'name: PSI',
      'name: EXAMPLE-SRC',
      'warning: 5: facilities[0].name: is "EXAMPLE-SRC", which looks like an example value; write the name of your facility',
    ],
    [
      '    direction',
      "    accessValue: ' PSI'\n    direction",
      'warning: 7: facilities[0].accessValue: begins with a space, and users must have it exactly so; write "PSI"',
    ],
    [
      '/data/{{ .OwnerGroup }}',
      '/other/{{ .OwnerGroup }}',
      'warning: 9: facilities[0].allowedSourceFolders[0]: is "/other/{{ .OwnerGroup }}", which is outside collectionRootPath "/data", so no dataset in it can be transferred; correct one of the two',
    ],
    [
      '/data/{{ .OwnerGroup }}',
      '/database/{{ .OwnerGroup }}',
      'warning: 9: facilities[0].allowedSourceFolders[0]: is "/database/{{ .OwnerGroup }}", which is outside collectionRootPath "/data", so no dataset in it can be transferred; correct one of the two',
    ],
    [
      '+',
      'globus:\n  transferUrl: https://transfer.api.globus.org\n',
      'warning: 12: globus.transferUrl: does not end in "/v0.10", the version of Globus Transfer that the service uses; write "https://transfer.api.globus.org/v0.10"',
    ],
    [
      '+',
      'globus:\n  transferUrl: https://transfer.api.globus.org/v0.9/\n',
      'warning: 12: globus.transferUrl: does not end in "/v0.10", the version of Globus Transfer that the service uses; write "https://transfer.api.globus.org/v0.10"',
    ],
    [
      '+',
      'task:\n  maxConcurrency: 101\n',
      'warning: 12: task.maxConcurrency: is 101, but Globus works on only a few tasks of one account at a time, and may refuse more than 100; write 100 or less, and leave further transfers to the queue',
    ],
    [
      '+',
      'server:\n  trustProxy: true\n',
      'warning: 12: server.trustProxy: is true: every caller can then claim any address in X-Forwarded-For, and evade the limit on failed logins; write the number of reverse proxies in front of the service, or their addresses',
    ],
    [
      '+',
      "  - name: Psi\n    collection: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f\n    direction: BOTH\n    collectionRootPath: /data\n    allowedSourceFolders: ['/data/{{ .OwnerGroup }}']\n    destinationPath: '/on/{{ .PidEncoded }}'\n",
      'warning: 11: facilities[1].name: is "Psi", which differs from "PSI" (facilities[0]) only in case or spaces, so people will confuse them; choose names that differ more',
    ],
    ['+', 'x-a: &a [*a]\n', '11: x-a[0]: contains itself through an alias'],
    [
      '  - name: PSI',
      '  - <<: *missing\n    name: PSI',
      '5: facilities[0]: uses the anchor "missing", which is not defined above',
    ],
    [
      "['/data/{{ .OwnerGroup }}']",
      '',
      '9: facilities[0].allowedSourceFolders: has no value; add one, or remove the line',
    ],
    ['port: 8080', 'port: -1', '2: port: is -1; it must be a whole number between 1 and 65535'],
    [
      'port: 8080',
      'port: 8080#x',
      '2: port: is the string "8080#x"; it must be a whole number between 1 and 65535; write 8080',
    ],
  ];

  test.each(rows)('%j: %j', (part, written, line) => {
    expect(said(changed(part, written))).toEqual([line]);
  });
});

describe('one mistake that used to be two or more, or was explained in the words of the YAML library', () => {
  const LIST = "['/data/{{ .OwnerGroup }}']";
  const KNOWN = 'is not a known setting here; known settings: …';
  const COMMA = 'ends with ",", which is not needed between lines; write';
  const CONFLICT =
    'is a mark of a merge conflict (of git); keep one of the two versions, and remove the lines that begin with "<<<<<<<", "=======" and ">>>>>>>"';
  const BELOW = (bracket: string, closing: string): string =>
    `ends with "${bracket}", but what belongs to it stands below it, line by line; remove the "${bracket}" (and "${closing}", if there is one)`;
  const rows: readonly Row[] = [
    [
      'allowedSourceFolders',
      'allowedSourceFolder',
      `9: facilities[0].allowedSourceFolder: ${KNOWN}; did you mean "allowedSourceFolders"?`,
    ],
    [
      'collectionRootPath',
      'collectionRoot',
      `8: facilities[0].collectionRoot: ${KNOWN}; did you mean "collectionRootPath"?`,
    ],
    [
      'destinationPath',
      'destPath',
      `10: facilities[0].destPath: ${KNOWN}; did you mean "destinationPath"?`,
    ],
    ['syncLevel', 'synclevel', `3: transfer.synclevel: ${KNOWN}; did you mean "syncLevel"?`],
    [
      'transfer',
      'transfr',
      'warning: 3: transfr: is not a known setting and has no effect; if it only holds YAML anchors, start its name with "x-"; did you mean "transfer"?',
    ],
    ['collection:', 'endpoint:', `6: facilities[0].endpoint: ${KNOWN}; did you mean "collection"?`],
    ['facilities:', 'facilities: [', `4: facilities (YAML syntax): ${BELOW('[', ']')}`],
    ['{ syncLevel: 3 }', '{\n  syncLevel: 3', `3: transfer (YAML syntax): ${BELOW('{', '}')}`],
    [
      LIST,
      "[\n      '/data/x',\n      '/data/y'",
      '9: allowedSourceFolders (YAML syntax): begins with "[" that is not closed; add "]" where it ends',
    ],
    [
      LIST,
      "[ '/data/x' # mine ]",
      '9: allowedSourceFolders (YAML syntax): begins with "[" that is not closed; the "]" behind "#" is in a comment: write it before the "#"',
    ],
    [
      LIST,
      "['/data/x']]",
      '9: allowedSourceFolders (YAML syntax): has "]" without its opening bracket; write "allowedSourceFolders: [\'/data/x\']"',
    ],
    [
      LIST,
      "['/data/x' '/data/y']",
      "9: allowedSourceFolders (YAML syntax): needs a comma between two entries; write \"allowedSourceFolders: ['/data/x', '/data/y']\"",
    ],
    [
      '{ syncLevel: 3 }',
      '{ syncLevel: 3 ]',
      '3: transfer (YAML syntax): closes "{", and so must be "}"; write "transfer: { syncLevel: 3 }"',
    ],
    [
      '{ syncLevel: 3 }',
      '{ syncLevel: 3 verifyChecksum: true }',
      '3: transfer (YAML syntax): needs a comma before "verifyChecksum"; write "transfer: { syncLevel: 3, verifyChecksum: true }"',
    ],
    [
      '{ syncLevel: 3 }',
      '{ syncLevel: 3; verifyChecksum: true }',
      '3: transfer (YAML syntax): has ";" between its entries; write "transfer: { syncLevel: 3, verifyChecksum: true }"',
    ],
    [
      '{ syncLevel: 3 }',
      '{ syncLevel: 3,, verifyChecksum: true }',
      '3: transfer (YAML syntax): has an extra comma; write "transfer: { syncLevel: 3, verifyChecksum: true }"',
    ],
    [
      '{ syncLevel: 3 }',
      '{\n  syncLevel: 3\n  verifyChecksum: true\n}',
      '5: verifyChecksum (YAML syntax): needs a comma before it; end line 4 with one: "syncLevel: 3,"',
    ],
    [
      '{ syncLevel: 3 }',
      '{ syncLevel 3 }',
      '3: transfer.syncLevel: needs a colon; write "syncLevel: 3"',
    ],
    [
      '{ syncLevel: 3 }',
      'syncLevel: 3',
      '3: transfer (YAML syntax): has the first line of its block on the same line; write "transfer:", and below it "  syncLevel: 3"',
    ],
    [
      'PSI\n    collection',
      'PSI collection',
      '5: name (YAML syntax): is followed by another key, "collection", on the same line; write each on a line of its own: "name: PSI", and below it "collection: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6f"',
    ],
    [
      'direction: BOTH',
      '"direction": "BOTH",',
      `7: direction (YAML syntax): ${COMMA} "direction: BOTH"`,
    ],
    [
      'port: 8080',
      'port - 8080',
      '2: port (YAML syntax): is followed by "-", but YAML uses a colon; write "port: 8080"',
    ],
    [
      'port: 8080',
      'port => 8080',
      '2: port (YAML syntax): is followed by "=>", but YAML uses a colon; write "port: 8080"',
    ],
    [
      '- name',
      '– name',
      '5: name (YAML syntax): begins with "–", but a list entry begins with "-"; write "- name: PSI"',
    ],
    [
      '- name',
      '* name',
      '5: name (YAML syntax): begins with "*", but a list entry begins with "-"; write "- name: PSI"',
    ],
    [
      LIST,
      '\n      /data/x\n      /data/y',
      '10: facilities[0].allowedSourceFolders: is the string "/data/x /data/y"; it must be a list of folder templates such as "/data/{{ .OwnerGroup }}"; write each entry on a line of its own, with "- " before it: "- /data/x"',
    ],
    [
      LIST,
      "\n      '/data/x'\n      '/data/y'",
      '10: YAML syntax: needs "- " before it (and so does 1 other line), as each list entry on a line of its own; write "- \'/data/x\'"',
    ],
    [
      LIST,
      '\n      - /data/x\n        /data/y',
      'warning: 10: facilities[0].allowedSourceFolders[0]: goes on in the next line, which YAML joins to one value, "/data/x /data/y"; put it in quotes on one line or, if it is another entry, begin that line with "- "',
    ],
    [
      '+',
      '  name: ESRF\n',
      '11: name (YAML syntax): begins another entry, but has no "-" before it; write "- name: ESRF"',
    ],
    [
      '+',
      '    name: ESRF\n    collection: 0b8e0d3c-4f5a-4c6b-9d7e-1a2b3c4d5e6e\n',
      '11: facilities[0].name: is given again; if it begins another entry, write "- name: …", else keep one of the two',
    ],
    [
      'port: 8080',
      '<<<<<<< HEAD\nport: 8080\n=======\nport: 8081\n>>>>>>> x',
      `2: YAML syntax: ${CONFLICT}`,
    ],
    [
      'name: PSI',
      'name: PS\u200bI',
      "warning: 5: facilities[0].name: contains a zero-width space (U+200B), which can't be seen; retype the value: PSI",
    ],
    [
      '{{ .PidEncoded }}',
      '{{\u00a0.PidEncoded }}',
      "10: facilities[0].destinationPath: contains a no-break space (U+00A0), which only looks like a space; retype the value: '/in/{{ .PidEncoded }}'",
    ],
    [
      '/data\n',
      '/data\u200e\n',
      "warning: 8: facilities[0].collectionRootPath: contains a left-to-right mark (U+200E), which can't be seen; retype the value: /data",
    ],
    [
      'BOTH',
      'BOTH\u00ad',
      "7: facilities[0].direction: contains a soft hyphen (U+00AD), which can't be seen; retype the value: BOTH",
    ],
    [
      '+',
      'task:\n  queueSize: 1.000\n',
      'warning: 12: task.queueSize: is written 1.000, which YAML reads as 1; write 1000',
    ],
    [
      '+',
      'task:\n  queueSize: 1,000\n',
      '12: task.queueSize: is the string "1,000"; it must be a whole number of at least 0; write 1000',
    ],
    [
      '+',
      'task: { queueSize: 1,000 }\n',
      '11: task.queueSize: has a comma in its number, which separates two entries here; write "queueSize: 1000"',
    ],
    [
      'port: 8080',
      'port: 8.080',
      '2: port: is 8.08; it must be a whole number between 1 and 65535; write 8080',
    ],
    [
      'name: PSI',
      'name: <your facility>',
      'warning: 5: facilities[0].name: contains "<your facility>", which looks like a placeholder; write your own value',
    ],
    [
      'port: 8080',
      'port: <port>',
      '2: port: is the string "<port>"; it must be a whole number between 1 and 65535; write your own value in place of the placeholder',
    ],
    [
      'port: 8080',
      'port: {{ .Values.port }}',
      '2: port: is a template of something else (of Helm, Ansible or the like), which was not rendered; write the value itself',
    ],
    [
      'name: PSI',
      'name: #PSI',
      '5: facilities[0].name: has no value, because "#" begins a comment; put the value in quotes if the "#" belongs to it: \'#PSI\'',
    ],
    [
      '/data/{{ .OwnerGroup }}',
      '/data/*',
      'warning: 9: facilities[0].allowedSourceFolders[0]: has "*", which is not a wildcard here; write the folder, which stands for everything below it',
    ],
    [
      'port: 8080',
      '"port: 8080"',
      '2: port (YAML syntax): is in quotes as a whole, so it is not a "key: value"; write "port: 8080"',
    ],
    [
      'port: 8080',
      'port: 8080 // the port',
      '2: port: is the string "8080 // the port"; it must be a whole number between 1 and 65535; write 8080; a comment begins with "#"',
    ],
    [
      'scicatUrl:',
      'scicat:\n  url:',
      '2: scicat.url: is not a known setting here; write "scicatUrl: …" at the start of a line, before or after this block',
    ],
  ];

  test.each(rows)('%j: %j', (part, written, line) => {
    expect(said(changed(part, written))).toEqual([line]);
  });

  test('a file of something else', () => {
    const nothing =
      'contains no settings of this service; compare it with scicat-globus-proxy-config.example.yaml. Is it the right file?';
    expect(said('404: Not Found\n')).toEqual([`1: file: ${nothing}`]);
    expect(said(`config:\n${GOOD.replace(/^(?=.)/gm, '  ')}`)).toEqual([
      '1: config: is not a setting, but the settings are below it; remove this line, and begin "scicatUrl", "facilities" and the others at the start of the line',
    ]);
  });

  test('JSON lines throughout are named once', () => {
    const text = GOOD.replaceAll(/(name|direction|collectionRootPath): (.*)$/gm, '"$1": "$2",');
    expect(said(text)).toEqual([
      '5: name (YAML syntax): ends with "," (and so do 2 other lines), which is not needed between lines; write "- name: PSI"',
    ]);
  });
});

describe('how long the check takes', () => {
  const parses = (text: string): number => {
    let count = 0;
    syntaxMistakes(text, placesOf, (file, lines) => {
      count += 1;
      return parsedYaml(file, lines);
    });
    return count;
  };

  test('is bounded, whatever the mistakes: the file is parsed at most six times more', () => {
    const mistakes = [
      GOOD.replaceAll(': ', ':'),
      GOOD + '  x: "a\n'.repeat(30),
      GOOD + FACILITY.replaceAll('\n    ', '\n     ').repeat(20),
      GOOD + 'name: "PSI" x\n'.repeat(30),
      GOOD + ' a: b: c\n   d: [\n'.repeat(30),
    ];
    for (const text of mistakes) expect(parses(text)).toBeLessThanOrEqual(6);
  });
});

test("a backslash in a value that is no path is nobody's business", () => {
  expect(said(changed('direction: BOTH', "accessValue: 'FACILITY\\\\users'"))).toEqual([]);
});

describe('a mistake that is made throughout the file', () => {
  test('every template without quotes is named', () => {
    const text = GOOD.replace(
      "['/data/{{ .OwnerGroup }}']",
      '\n      - {{ .SourceFolder }}\n      - {{ .Pid }}/x',
    ).replace("'/in/{{ .PidEncoded }}'", '{{ .PidEncoded }}');
    const begins = 'begins with "{{", which YAML reads as a mapping; put the value in quotes:';
    expect(said(text)).toEqual([
      `10: allowedSourceFolders (YAML syntax): ${begins} '{{ .SourceFolder }}'`,
      `11: allowedSourceFolders (YAML syntax): ${begins} '{{ .Pid }}/x'`,
      `12: destinationPath (YAML syntax): ${begins} '{{ .PidEncoded }}'`,
    ]);
  });

  test('tabs are named once', () => {
    expect(said(GOOD.replaceAll('    ', '\t\t').replaceAll('\n  ', '\n\t'))).toEqual([
      '5: name (YAML syntax): is indented with a tab (and so are 5 other lines), which YAML does not allow; use spaces only, two for each level',
    ]);
  });

  test('a block that is shifted as a whole is named once', () => {
    const second = FACILITY.replace('PSI', 'ESRF').replace('/in/', '/on/');
    expect(said(GOOD + second.replaceAll('\n  ', '\n   ').replace(/^ {2}/, '   '))).toEqual([
      '11: name (YAML syntax): is indented by 3 spaces, but its block by 2 spaces; begin the line with 2 spaces',
    ]);
    expect(said(GOOD + second.replaceAll('\n  ', '\n ').replace(/^ {2}/, ' '))).toEqual([
      '11: name (YAML syntax): is indented by 1 space, but its block by 2 spaces; begin the line with 2 spaces',
    ]);
    expect(said(` ${GOOD}`)).toEqual([
      '1: scicatUrl (YAML syntax): is indented by 1 space, but its block is not; begin it at the start of the line',
    ]);
  });

  test('a dash before each line of a facility', () => {
    expect(said(GOOD.replace('    collection', '  - collection'))).toEqual([
      '6: facilities[1].collection: is an entry of its own, because of the "-" before it; remove the "-" to make it part of the entry above',
    ]);
  });

  test('facilities that are no list', () => {
    const head = GOOD.slice(0, GOOD.indexOf('  - name'));
    const prefix = '5: facilities: is a mapping; it must be a list of facilities';
    expect([
      said(head + FACILITY.replace('  - name', '    name')),
      said(head + FACILITY.replace('  - name: PSI', '  PSI:')),
      said(head + FACILITY.replace('  - name', '  -name')),
      said(`${head.trimEnd()} [PSI]\n`),
    ]).toEqual([
      [`${prefix}; begin the first line of each facility with "- ": "- name: …"`],
      [
        `${prefix}; write each facility as an entry with its name: "- name: PSI", and its other keys below`,
      ],
      ['5: name (YAML syntax): needs a space after the dash; write "- name: PSI"'],
      [
        '4: facilities[0]: is the string "PSI"; it must be a mapping with keys such as name, collection, direction; write "- name: PSI", and the other keys below it',
      ],
    ]);
  });

  test('two ports that are the same', () => {
    expect(said(`${GOOD}server: { adminPort: 8080 }\n`)).toEqual([
      expect.stringMatching(/^warning: \d+: server\.adminPort: is the same as port/),
    ]);
  });

  test('a top-level setting below another one', () => {
    const without = GOOD.replace('port: 8080\n', '');
    expect(said(`${without}    port: 8080\n`)).toEqual([
      '10: facilities[0].port: is not a known setting here: it belongs to the top level of the file; begin it at the start of the line, before or after this block',
    ]);
  });

  test('line ends of an old Mac', () => {
    expect(said(GOOD.replaceAll('\n', '\r'))).toEqual([
      '1: YAML syntax: has classic Mac OS line endings (CR); save it with Unix (LF) or Windows (CRLF) line endings',
    ]);
  });

  test('a file of one line without a blank', () => {
    expect(said('port:8080')).toEqual([
      '1: port: needs a space after the colon; write "port: 8080"',
    ]);
  });
});

describe('files that are no configuration at all', () => {
  test('one that is nested without end is refused', () => {
    expect(said('['.repeat(20_000))).toEqual([
      '1: YAML syntax: is nested too deeply to be a configuration. Is it the right file?',
    ]);
  });

  test.each([
    ['a very long line', `x: ${'a'.repeat(1_000_000)}\n: b: c\n`],
    ['a very long line of blanks', `${' '.repeat(1_000_000)}x: {\n`],
    ['very many lines with a mistake', 'port:8080\n'.repeat(10_000)],
    ['very many tabs', `a:\n${'\tb: 1\n'.repeat(10_000)}`],
    ['very many brackets', `a: ${'[1, '.repeat(2000)}\n`],
  ])('%s does not make the check hang', (_what, text) => {
    expect(said(text).length).toBeGreaterThan(0);
  });
});
