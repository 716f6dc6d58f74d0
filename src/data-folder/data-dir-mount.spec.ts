import { describe, expect, it } from '@jest/globals';
import { type ContainerOptions, dataDirWarning } from './data-dir-mount.js';

const ROOT = '601 540 0:55 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w';
const VOLUME = '620 601 8:1 /volumes/proxy /service/data rw,relatime - ext4 /dev/sda1 rw';
const MEMORY = '621 601 0:60 / /service/data rw,relatime - tmpfs tmpfs rw,size=65536k';
const WITH_BLANK = '622 601 8:1 /v /srv/my\\040data rw,relatime shared:1 - ext4 /dev/sda1 rw';

const LOST_WITH_CONTAINER =
  'The data folder /service/data/scicat-globus-proxy is part of the container and will be lost with it, along with the file lists of waiting transfers. Mount a volume there.';

function container(
  mounts: readonly string[],
  change: Partial<ContainerOptions> = {},
): ContainerOptions {
  return {
    env: { PROXY_CONTAINER: '1' },
    exists: (path) => ['/', '/service', '/service/data'].includes(path),
    realPath: (path) => path,
    mountInfo: () => `${mounts.join('\n')}\n`,
    ...change,
  };
}

describe('the warning about a data folder that is lost with its container', () => {
  const dataDir = '/service/data/scicat-globus-proxy';

  it('is given when nothing is mounted there', () => {
    expect(dataDirWarning(dataDir, container([ROOT]))).toBe(LOST_WITH_CONTAINER);
  });

  it('is not given for a volume, whether the folder below it exists yet or not', () => {
    expect(dataDirWarning(dataDir, container([ROOT, VOLUME]))).toBeUndefined();
    expect(dataDirWarning('/service/data', container([VOLUME, ROOT]))).toBeUndefined();
  });

  it('is given for a volume mounted elsewhere, however similar its name', () => {
    const elsewhere = VOLUME.replace('/service/data', '/service/dat');
    expect(dataDirWarning(dataDir, container([ROOT, elsewhere]))).toBe(LOST_WITH_CONTAINER);
  });

  it('is given for memory, also when it is mounted over a volume', () => {
    expect(dataDirWarning(dataDir, container([ROOT, VOLUME, MEMORY]))).toBe(
      'The data folder /service/data/scicat-globus-proxy is in memory (tmpfs at /service/data) and will be lost with the container, along with the file lists of waiting transfers. Mount a volume there.',
    );
  });

  it('follows symbolic links, and understands mount points with spaces', () => {
    const linked = container([ROOT, WITH_BLANK], {
      realPath: (path) => path.replace('/service/data', '/srv/my data'),
    });
    expect(dataDirWarning(dataDir, linked)).toBeUndefined();
  });

  it('recognizes containers of Docker and Podman by their marker files', () => {
    const without = (marks: readonly string[]): ContainerOptions =>
      container([ROOT], { env: {}, exists: (path) => ['/', ...marks].includes(path) });
    expect(dataDirWarning(dataDir, without(['/.dockerenv']))).toBe(LOST_WITH_CONTAINER);
    expect(dataDirWarning(dataDir, without(['/run/.containerenv']))).toBe(LOST_WITH_CONTAINER);
    expect(dataDirWarning(dataDir, without([]))).toBeUndefined();
  });

  it('can be silenced by the environment variable', () => {
    const silenced = container([ROOT], { env: { PROXY_CONTAINER: '0' }, exists: () => true });
    expect(dataDirWarning(dataDir, silenced)).toBeUndefined();
  });

  it('is not given where the mounts are unknown', () => {
    expect(dataDirWarning(dataDir, container([], { mountInfo: () => '' }))).toBeUndefined();
  });

  it('reads the mounts of this machine without failing', () => {
    expect(() => dataDirWarning('/no/such/folder')).not.toThrow();
  });
});
