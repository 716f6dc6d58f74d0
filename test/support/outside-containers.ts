import { afterAll, beforeAll } from '@jest/globals';
import { CONTAINER_VARIABLE } from '../../src/data-folder/data-dir-mount.js';

/** All tests of the file run as if outside a container: where the tests themselves run is irrelevant. */
export function outsideContainers(): void {
  const before = process.env[CONTAINER_VARIABLE];
  beforeAll(() => {
    process.env[CONTAINER_VARIABLE] = '0';
  });
  afterAll(() => {
    if (before === undefined) Reflect.deleteProperty(process.env, CONTAINER_VARIABLE);
    else process.env[CONTAINER_VARIABLE] = before;
  });
}
