import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGlobusSandbox } from '../../sandbox/globus/globus-sandbox.js';
import { startScicatSandbox } from '../../sandbox/scicat/scicat-sandbox.js';
import type { Scene } from './scene.js';

const CLIENT_ID = '5a6b7c8d-0000-4000-8000-000000000001';
const BEAMLINE = '8f2c1d3a-5b6e-4c7d-9a80-1e2f3a4b5c6d';
const ARCHIVE = 'd4e5f6a7-1b2c-4d3e-8f90-a1b2c3d4e5f6';

/**
 * Both services, and a configuration `proxy.yaml` with their addresses. SciCat has two accounts of
 * few rights.
 *
 * @param how with `mistakes` several things are set up wrongly, each at another's place
 */
export async function doctorScene(how: 'well' | 'mistakes'): Promise<Scene> {
  const wrong = how === 'mistakes';
  const scicat = await startScicatSandbox({
    generation: 'head',
    groupRights: {
      createJobPrivileged: ['gtpxc'],
      updateJobPrivileged: ['gtpxu'],
      updateDatasetLifecycle: ['archivemanager', 'gtpxu'],
      deleteJob: wrong ? ['archivemanager'] : ['archivemanager', 'gtpxu'],
    },
  });
  const globus = await startGlobusSandbox();
  const disk = mkdtempSync(join(tmpdir(), 'docs-disk-'));
  mkdirSync(join(disk, 'archive'));
  const password = 'any';
  scicat.machine.addUser({ username: 'globus-proxy', password, groups: ['gtpxc'] });
  scicat.machine.addUser({ username: 'globus-proxy-updater', password, groups: ['gtpxu'] });
  if (wrong) scicat.machine.jobTypes.delete('archive');
  globus.machine.addClient({ id: CLIENT_ID, secret: 'any' });
  globus.machine.addCollection({ id: BEAMLINE, displayName: 'Beamline disks', folder: disk });
  globus.machine.addCollection({
    id: ARCHIVE,
    displayName: 'Tape archive',
    folder: disk,
    kind: wrong ? 'GCSv5_guest_collection' : 'GCSv5_mapped_collection',
  });
  if (wrong) globus.machine.setPermission(BEAMLINE, []);
  return {
    env: {
      GLOBUS_CLIENT_ID: CLIENT_ID,
      GLOBUS_CLIENT_SECRET: 'any',
      SCICAT_SERVICE_USER_USERNAME: 'globus-proxy',
      SCICAT_SERVICE_USER_PASSWORD: password,
      SCICAT_UPDATE_USER_USERNAME: 'globus-proxy-updater',
      SCICAT_UPDATE_USER_PASSWORD: password,
      // Where the tests run says nothing of where a data folder lies.
      PROXY_CONTAINER: '0',
    },
    files: {
      'proxy.yaml': `scicatUrl: ${scicat.url}
port: 8080
globus:
  authUrl: ${globus.authUrl}
  transferUrl: ${globus.transferUrl}
dataDir: .
facilities:
  - name: BEAMLINE
    collection: ${BEAMLINE}
    direction: SRC
    collectionRootPath: /data
    allowedSourceFolders: ['/data/{{ .OwnerGroup }}']
  - name: ARCHIVE
    collection: ${ARCHIVE}
    direction: DST
    destinationPath: /archive/{{ .Pid }}
    syncLevel: 3
`,
    },
    normalized: (text) =>
      text
        .replaceAll(scicat.url, 'https://scicat.example.org')
        .replaceAll(globus.transferUrl, 'https://transfer.api.globus.org/v0.10')
        .replace(/\buser \d+/g, 'user 1000')
        .replace(/\brequest \w{9}\b/g, 'request 7HgMVYazI')
        .replace(/\b\d+ MiB free/g, '18211 MiB free'),
    close: async () => {
      await Promise.all([scicat.close(), globus.close()]);
      rmSync(disk, { recursive: true, force: true });
    },
  };
}
