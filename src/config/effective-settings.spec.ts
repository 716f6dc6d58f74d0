import { describe, expect, it } from '@jest/globals';
import type { FileConfig } from './app-config.js';
import { settingsOf, type SettingsClass } from './define-setting.js';
import { effectiveSettings, effectiveYaml } from './effective-settings.js';
import { readConfig } from './load-config.js';
import { FacilitySettings } from './facility-settings.js';
import { FileSettings } from './service-settings.js';

function configOf(text: string): FileConfig {
  const { fileConfig, problems } = readConfig({
    file: '/c.yaml',
    argv: [],
    env: { HOME: '/h' },
    platform: 'linux',
    applicationFolder: '/app',
    workingFolder: '/',
    secrets: 'ignored',
    files: { exists: (path) => path === '/c.yaml', read: () => text },
  });
  if (fileConfig === undefined) throw new Error(JSON.stringify(problems));
  return fileConfig;
}

const SMALLEST = `
scicatUrl: https://scicat.example.org
port: 8080
facilities: [{ name: A, collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc }]
`;
const FULL = `
scicatUrl: https://scicat.example.org
port: 8080
facilities:
  - name: 'no {{ template'
    collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc
    direction: SRC
    accessPath: 'profile.{{ .Name }}'
    accessValue: "a: b # c"
    scopes: ['{{ .Collection }}', '*x']
    sourcePath: '{{ .Pid }}'
    destinationPath: '{{- if .Pid }}x{{ else }}y{{ end -}}'
    collectionRootPath: '/r/{{ .Name }}'
    allowedSourceFolders: ['/r/{{ .OwnerGroup }}']
    verifyChecksum: false
    syncLevel: 0
task: { maxConcurrency: 1, queueSize: 2, pollInterval: 3, stallTimeout: 4, progressWritesPerSecond: 0.5, maxPending: 5, maxStuckPerUser: 4, maxWaitingPerUser: 6, maxWaitingPerGroup: 7, shares: { default: 1, p1: 2.5 }, maxWaitHours: 8, smallTransferGiB: 9.5 }
scicat: { formerServiceUsers: ['1', 'true'], statusCodes: words, operatorGroups: ['0'] }
server: { host: "::1", trustProxy: 2, maxBodyMiB: 7, maxFailedLoginsPerMinute: 9, hstsIncludeSubDomains: true, adminPort: 8081, adminHost: "::1", maxConnections: 10, maxConnectionsPerAddress: 11, maxPipelinedRequests: 12, maxRequests: 13, maxRequestsPerUser: 14, maxWaitingRequests: 15, maxWaitingRequestsPerUser: 16, maxBodiesMiB: 17, maxBodiesPerUserMiB: 18, smallBodiesMiB: 19, maxBodySeconds: 20 }
watch: true
transfer: { verifyChecksum: false, preserveTimestamp: true, encryptData: true, syncLevel: 1, deadlineHours: 72, fileList: as-listed }
globus: { authUrl: "http://127.0.0.1:1", transferUrl: "http://127.0.0.1:2/v0.10" }
dataDir: /var/lib/proxy
`;

describe('the effective configuration', () => {
  it.each([SMALLEST, FULL])('yields the same configuration when it is loaded again: %s', (text) => {
    const config = configOf(text);
    const printed = effectiveYaml(config);
    expect(effectiveSettings(configOf(printed))).toEqual(effectiveSettings(config));
    expect(effectiveYaml(configOf(printed))).toBe(printed);
  });

  it('lists every setting, always in the same order', () => {
    const keys = (settings: SettingsClass) => settingsOf(settings).map(({ key }) => key);
    const settings = effectiveSettings(configOf(SMALLEST));
    expect(Object.keys(settings)).toEqual(keys(FileSettings));
    expect(Object.keys(settings.facilities[0] ?? {})).toEqual(keys(FacilitySettings));
    for (const { key, section } of settingsOf(FileSettings)) {
      if (section !== undefined) expect(Object.keys(settings[key] ?? {})).toEqual(keys(section));
    }
  });

  it('lists settings that are not set in a comment', () => {
    expect(effectiveYaml(configOf(SMALLEST))).toContain(
      '    # not set: collectionRootPath, allowedSourceFolders, verifyChecksum, syncLevel\n',
    );
    expect(effectiveYaml(configOf(FULL))).not.toContain('not set');
  });
});
