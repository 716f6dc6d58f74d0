import { doctorScene } from './doctor-scene.js';
import { operatorScene } from './operator-scene.js';
import { openTransfersScene } from './open-transfers-scene.js';
import type { Scene } from './scene.js';

/**
 * The scenes that blocks can name with `scene=NAME`. Each is set up anew for each block; one that
 * needs SciCat or Globus starts emulators and writes a configuration with their addresses.
 */
export const SCENES: Readonly<Record<string, () => Promise<Scene>>> = {
  /** The secrets are set, and no other service is there. */
  plain: () =>
    Promise.resolve({
      env: {
        GLOBUS_CLIENT_ID: '5a6b7c8d-0000-4000-8000-000000000001',
        GLOBUS_CLIENT_SECRET: 'any',
        SCICAT_SERVICE_USER_USERNAME: 'globus-proxy',
        SCICAT_SERVICE_USER_PASSWORD: 'any',
      },
    }),
  /** As on somebody's own machine: nothing is set. */
  bare: () => Promise.resolve({}),
  doctor: () => doctorScene('well'),
  'doctor-mistakes': () => doctorScene('mistakes'),
  'open-transfers': openTransfersScene,
  operator: operatorScene,
};
