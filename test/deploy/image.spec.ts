import { describe, expect, it } from '@jest/globals';
import { at, textOf } from './documents.js';
import { stage } from './dockerfile.js';

describe('the image', () => {
  const service = stage('service');
  const build = stage('build');

  it('has the command line in its path, where the package has it, and executable', () => {
    const program = String(at(JSON.parse(textOf('package.json')), 'bin', 'scicat-globus-proxy'));
    expect(service.text).toContain(`ln -s /service/${program} /usr/local/bin/scicat-globus-proxy`);
    expect(build.text).toContain(`chmod +x ${program}`);
    expect(textOf(program.replace(/^dist(.*)\.js$/, 'src$1.ts'))).toMatch(
      /^#!\/usr\/bin\/env node\n/,
    );
  });

  it('runs what is there, as somebody who is not root', () => {
    const sources = ['CMD', 'HEALTHCHECK'].flatMap((name) => service.programs(name));
    expect(sources).toEqual(['dist/main.js', 'dist/cli/health-check.js']);
    for (const program of sources) {
      expect(textOf(program.replace(/^dist(.*)\.js$/, 'src$1.ts'))).not.toBe('');
    }
    expect([service.value('USER'), service.value('WORKDIR')]).toEqual(['node', '/service']);
  });

  it('has no compiler: of what the service needs to run, nothing else is optional', () => {
    expect(stage('dependencies').text).toContain('npm ci --omit=dev --omit=optional');
    const lock = JSON.parse(textOf('package-lock.json')) as {
      readonly packages: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const omitted = Object.entries(lock.packages).filter(
      ([, { dev, optional, devOptional }]) => dev !== true && (optional ?? devOptional) === true,
    );
    expect(omitted.map(([name]) => name)).toEqual(['node_modules/typescript']);
  });

  it('is built from one base image, which is given by digest', () => {
    const text = textOf('Dockerfile');
    expect(text).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-alpine\d+\.\d+@sha256:[0-9a-f]{64}$/m);
    const stages = [...text.matchAll(/^FROM .* AS (.*)$/gm)].map(([, name]) => name);
    const bases = [...text.matchAll(/^FROM (.*) AS .*$/gm)].map(([, base]) => base);
    expect(bases.filter((base) => !stages.includes(base))).toEqual(
      ['manifest', 'sandbox', 'service'].map(() => '${NODE_IMAGE}'),
    );
  });

  it('gets everything that it copies, which .dockerignore lets through', () => {
    const let_through = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = [...new Set([...stage('manifest').copied, ...service.copied, ...build.copied])];
    expect(copied.filter((path) => !let_through.includes(path))).toEqual([]);
    expect(let_through.filter((path) => !copied.includes(path))).toEqual([]);
  });
});
