import { eventually, TEST_ENVIRONMENT, testConfigText, TestService } from '../support/service.js';
import type { Scene } from './scene.js';

/** Names of the test world that say nothing to readers. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/\bSOURCE\b/g, 'BEAMLINE'],
  [/\bPRIVATE\b/g, 'VAULT'],
  [/\bprivate-group\b/g, 'VAULT-users'],
];

const withNames = (text: string): string =>
  NAMES.reduce((renamed, [name, other]) => renamed.replace(name, other), text);

/**
 * A service with one place, one transfer that has it and one that waits, both alice's; her token is
 * in `alice.token`. The first does not get on: it is in Globus's own queue.
 */
export async function openTransfersScene(): Promise<Scene> {
  const service = await TestService.start({
    yaml: 'task: { maxConcurrency: 1, pollInterval: 1 }',
    changeYaml: withNames,
  });
  try {
    await service.ready();
    service.scicat.machine.setGroups('alice', ['group1', 'BEAMLINE', 'ARCHIVE']);
    service.holdTasks();
    const request = { sourceFacility: 'BEAMLINE', collectionRootPath: undefined };
    const running = await service.accepted(request);
    const scicatPid = service.addDataset('second-run');
    const waiting = await service.accepted({ ...request, scicatPid });
    await eventually(
      () => service.job(running).statusMessage.includes('queued at Globus'),
      'SciCat shows why the first does not get on',
    );
    await service.reaches(waiting, '001');
  } catch (error) {
    await service.stop();
    throw error;
  }
  return {
    env: { ...TEST_ENVIRONMENT, SCICAT_GLOBUS_PROXY_CONFIG: 'config.yaml' },
    files: {
      'alice.token': service.tokens.alice,
      'config.yaml': withNames(testConfigText(service, service.config.dataDir)),
    },
    normalized,
    close: () => service.stop(),
  };
}

function normalized(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/requested \d+ s ago/g, 'requested 1 s ago')
    .replace(/"ageSeconds":\d+/g, '"ageSeconds":1');
}
