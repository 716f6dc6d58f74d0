import { testConfigText, TestService } from '../support/service.js';
import type { Scene } from './scene.js';

/** A service, its configuration without its secrets, and the token of an operator in `operator.token`. */
export async function operatorScene(): Promise<Scene> {
  const yaml = 'scicat: { operatorGroups: [operators] }';
  const service = await TestService.start({ yaml });
  try {
    await service.ready();
    service.scicat.machine.addUser({ username: 'olivia', groups: ['operators'] });
  } catch (error) {
    await service.stop();
    throw error;
  }
  const config = testConfigText(service, service.config.dataDir, { yaml });
  return {
    env: { SCICAT_GLOBUS_PROXY_CONFIG: 'config.yaml' },
    files: {
      'operator.token': service.scicat.mintToken('olivia'),
      'config.yaml': config.replace('port: 8080', `port: ${new URL(service.url).port}`),
    },
    close: () => service.stop(),
  };
}
