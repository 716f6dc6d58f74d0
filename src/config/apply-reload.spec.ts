import { describe, expect, it } from '@jest/globals';
import type { AppConfig } from './app-config.js';
import { effectiveSettings } from './effective-settings.js';
import { loadConfig } from './load-config.js';
import { type AppliedReload, applyReload } from './apply-reload.js';

const SECRETS = {
  GLOBUS_CLIENT_ID: 'client',
  GLOBUS_CLIENT_SECRET: 'hunter1',
  SCICAT_SERVICE_USER_USERNAME: 'proxy',
  SCICAT_SERVICE_USER_PASSWORD: 'hunter2',
};
const A = '{ name: A, collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc, destinationPath: "/a" }';
const B = A.replaceAll('A', 'B');
const FILE = `
scicatUrl: https://scicat.example.org
port: 8080
dataDir: /data
facilities: [${A}, ${B}]
`;

function configOf(text = FILE, env: Readonly<Record<string, string>> = SECRETS): AppConfig {
  return loadConfig({
    file: '/c.yaml',
    argv: [],
    env: { HOME: '/h', ...env },
    platform: 'linux',
    applicationFolder: '/app',
    workingFolder: '/',
    files: { exists: (path) => path === '/c.yaml', read: () => text },
  }).config;
}

/** All of it in a form that can be compared; templates hold functions. */
const comparable = (config: AppConfig) => ({
  ...effectiveSettings(config),
  secrets: config.secrets,
  source: config.source,
});
const compared = ({ config, ...rest }: AppliedReload) => ({ ...rest, config: comparable(config) });
const ofChange = (from: string, to: string) =>
  applyReload(configOf(), configOf(FILE.replace(from, to)));
const ofAddition = (lines: string) => applyReload(configOf(), configOf(FILE + lines));

describe('a configuration reloaded while the service runs', () => {
  it.each([
    ['task: { maxConcurrency: 3 }', 'task.maxConcurrency'],
    ['task: { queueSize: 3 }', 'task.queueSize'],
    ['task: { pollInterval: 3 }', 'task.pollInterval'],
    ['task: { stallTimeout: 3 }', 'task.stallTimeout'],
    ['task: { progressWritesPerSecond: 3 }', 'task.progressWritesPerSecond'],
    ['task: { maxPending: 3 }', 'task.maxPending'],
    ['task: { maxStuckPerUser: 3 }', 'task.maxStuckPerUser'],
    ['task: { maxWaitingPerUser: 3 }', 'task.maxWaitingPerUser'],
    ['task: { maxWaitingPerGroup: 3 }', 'task.maxWaitingPerGroup'],
    ['task: { shares: { p1: 3 } }', 'task.shares'],
    ['task: { maxWaitHours: 3 }', 'task.maxWaitHours'],
    ['task: { smallTransferGiB: 3 }', 'task.smallTransferGiB'],
    ['transfer: { verifyChecksum: false }', 'transfer.verifyChecksum'],
    ['transfer: { preserveTimestamp: true }', 'transfer.preserveTimestamp'],
    ['transfer: { encryptData: true }', 'transfer.encryptData'],
    ['transfer: { syncLevel: 3 }', 'transfer.syncLevel'],
    ['transfer: { deadlineHours: 3 }', 'transfer.deadlineHours'],
    ['scicat: { formerServiceUsers: [old] }', 'scicat.formerServiceUsers'],
    ['scicat: { statusCodes: words }', 'scicat.statusCodes'],
    ['server: { maxBodyMiB: 3 }', 'server.maxBodyMiB'],
    ['server: { maxFailedLoginsPerMinute: 3 }', 'server.maxFailedLoginsPerMinute'],
    ['watch: true', 'watch'],
  ])('%s takes effect at once', (line, setting) => {
    const next = configOf(`${FILE}${line}\n`);
    expect(compared(applyReload(configOf(), next))).toEqual({
      config: comparable(next),
      changed: [setting],
      needRestart: [],
    });
  });

  it.each([
    ['scicatUrl: https://scicat', 'scicatUrl: https://other', 'scicatUrl'],
    ['port: 8080', 'port: 9090', 'port'],
    ['dataDir: /data', 'dataDir: /other', 'dataDir'],
    ['dataDir', 'server: { host: "::1" }\ndataDir', 'server.host'],
    ['dataDir', 'server: { trustProxy: 1 }\ndataDir', 'server.trustProxy'],
    ['dataDir', 'globus: { authUrl: "http://a" }\ndataDir', 'globus.authUrl'],
    ['dataDir', 'globus: { transferUrl: "http://a" }\ndataDir', 'globus.transferUrl'],
  ])('%s → %s needs a restart, and the snapshot keeps the value in effect', (from, to, setting) => {
    expect(compared(ofChange(from, to))).toEqual({
      config: comparable(configOf()),
      changed: [],
      needRestart: [setting],
    });
  });

  it('applies the rest when a setting needs a restart', () => {
    const { config, changed, needRestart } = ofAddition(
      'server: { host: "::1", maxBodyMiB: 3 }\ntask: { pollInterval: 3 }\n',
    );
    expect({ changed, needRestart }).toEqual({
      changed: ['task.pollInterval', 'server.maxBodyMiB'],
      needRestart: ['server.host'],
    });
    expect(config.server).toMatchObject({ host: '0.0.0.0', trustProxy: false, maxBodyMiB: 3 });
  });

  it('matches facilities by name, whatever their order', () => {
    expect(ofChange(`[${A}, ${B}]`, `[${B}, ${A}]`)).toMatchObject({
      changed: [],
      needRestart: [],
    });
    expect(ofChange('"/a"', '"/new"').changed).toEqual(['facilities.A.destinationPath']);
    expect(ofChange('name: B', 'name: C').changed).toEqual([
      'facilities.C added',
      'facilities.B removed',
    ]);
    const { config } = ofChange('name: B', 'name: C');
    expect(config.facilities.map(({ name }) => name)).toEqual(['A', 'C']);
  });

  it.each([
    { GLOBUS_CLIENT_ID: 'other' },
    { GLOBUS_CLIENT_SECRET: 'other' },
    { SCICAT_SERVICE_USER_USERNAME: 'other' },
    { SCICAT_SERVICE_USER_PASSWORD: 'other' },
  ])('new secrets need a restart, and only their names are reported: %j', (change) => {
    const before = configOf();
    const result = applyReload(before, configOf(FILE, { ...SECRETS, ...change }));
    expect(result).toMatchObject({ changed: [], needRestart: Object.keys(change) });
    expect(result.config.secrets).toBe(before.secrets);
  });

  it('adding or removing the update user needs a restart', () => {
    const update = { SCICAT_UPDATE_USER_USERNAME: 'u', SCICAT_UPDATE_USER_PASSWORD: 'p' };
    const withUpdate = configOf(FILE, { ...SECRETS, ...update });
    expect(applyReload(configOf(), withUpdate).needRestart).toEqual(Object.keys(update));
    expect(applyReload(withUpdate, configOf()).needRestart).toEqual(Object.keys(update));
  });

  it('is frozen like the initial one', () => {
    const { config } = ofAddition('watch: true\n');
    expect([Object.isFrozen(config), Object.isFrozen(config.server)]).toEqual([true, true]);
  });
});
