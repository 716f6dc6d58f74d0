import { Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { AppConfig } from './app-config.js';
import { ConfigSnapshots } from './config-snapshots.js';
import { AppConfigModule } from './config.module.js';
import { loadConfig } from './load-config.js';

@Injectable()
class Reader {
  constructor(@Inject(ConfigSnapshots) readonly snapshots: ConfigSnapshots) {}
}

function configOnPort(port: number): AppConfig {
  const text = `
scicatUrl: http://127.0.0.1:1
port: ${port.toString()}
facilities: [{ name: A, collection: 6c54cade-bde5-45c1-bdea-f4bd71dba2cc }]
`;
  return loadConfig({
    argv: ['--config', '/c.yaml'],
    env: {
      HOME: '/h',
      GLOBUS_CLIENT_ID: 'a',
      GLOBUS_CLIENT_SECRET: 'b',
      SCICAT_SERVICE_USER_USERNAME: 'c',
      SCICAT_SERVICE_USER_PASSWORD: 'd',
    },
    platform: 'linux',
    applicationFolder: '/app',
    workingFolder: '/',
    files: { exists: (path) => path === '/c.yaml', read: () => text },
  }).config;
}

describe('the configuration module', () => {
  let close: (() => Promise<void>) | undefined;
  afterEach(async () => {
    await close?.();
  });

  test('provides the loaded snapshot everywhere, and replaces it as a whole', async () => {
    const first = configOnPort(8080);
    const module = await Test.createTestingModule({
      imports: [AppConfigModule.from(first)],
      providers: [Reader],
    }).compile();
    close = () => module.close();
    const { snapshots } = module.get(Reader);
    const taken = snapshots.current();
    expect(taken).toBe(first);

    const second = configOnPort(9090);
    snapshots.replace(second);
    expect(snapshots.current()).toBe(second);
    // Whoever began with the first one keeps it to the end.
    expect(taken.port).toBe(8080);
  });

  test('@nestjs/config reads no .env again, and sets no variable of the process', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'config-module-'));
    const before = { folder: process.cwd(), variables: { ...process.env } };
    try {
      await writeFile(join(folder, '.env'), 'FROM_DOT_ENV=1\n');
      process.chdir(folder);
      const module = await Test.createTestingModule({
        imports: [AppConfigModule.from(configOnPort(8080))],
      }).compile();
      close = () => module.close();
      expect({ ...process.env }).toEqual(before.variables);
    } finally {
      process.chdir(before.folder);
      await rm(folder, { recursive: true });
    }
  });
});
