import { ALARM_KINDS } from '../../src/tracking/core/alarms.js';
import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ServerSettings } from '../../src/config/service-settings.js';
import { SMALL_BODY_BYTES } from '../../src/hardening/body-gate.js';
import { SERVER_LIMITS } from '../../src/hardening/server-limits.js';
import { listAt, textOf, yamlOf } from './documents.js';

const PAGE = 'docs/operations.md';
const text = textOf(PAGE);

/** As GitHub makes them out of headings. */
function anchors(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** Where the links of a text lead, within the project. */
function links(markdown: string): readonly string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^https?:/.test(target));
}

describe(PAGE, () => {
  it('has a section for each alert, and none for one that does not exist', () => {
    const rules = listAt(yamlOf(textOf('config/monitoring/alerts.yaml')), 'groups').flatMap(
      (group) => listAt(group, 'rules'),
    );
    const runbooks = rules.map((rule) => {
      const { runbook } = (rule as { readonly annotations: { readonly runbook: string } })
        .annotations;
      return runbook;
    });
    expect(runbooks.length).toBeGreaterThan(5);
    expect(
      anchors(text)
        .filter((anchor) => anchor.startsWith('alert-'))
        .map((anchor) => `${PAGE}#${anchor}`)
        .sort(),
    ).toEqual([...new Set(runbooks)].sort());
  });

  it.each([PAGE, 'SECURITY.md'])('every link of %s leads somewhere', (page) => {
    const folder = new URL(`../../${page}`, import.meta.url);
    const broken = links(textOf(page)).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? folder : new URL(path, folder);
      if (!existsSync(fileURLToPath(target))) return true;
      if (anchor === undefined) return false;
      const top = fileURLToPath(new URL('../../', import.meta.url));
      return !anchors(textOf(fileURLToPath(target).slice(top.length))).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names the limits that are in force', () => {
    const { headersMs, requestMs, keepAliveMs, bodyBytesPerSecond, slowBodySeconds } =
      SERVER_LIMITS;
    const server = new ServerSettings();
    const english = (count: number): string => count.toLocaleString('en');
    for (const stated of [
      `${english(server.maxConnections)} (\`server.maxConnections\`)`,
      `${server.maxConnectionsPerAddress} (\`server.maxConnectionsPerAddress\`)`,
      `${server.maxPipelinedRequests} (\`server.maxPipelinedRequests\`)`,
      `${server.maxRequests} (\`server.maxRequests\`)`,
      `${server.maxRequestsPerUser} of a user (\`server.maxRequestsPerUser\`)`,
      `${english(server.maxWaitingRequests)} (\`server.maxWaitingRequests\`)`,
      `${server.maxWaitingRequestsPerUser} of a user (\`server.maxWaitingRequestsPerUser\`)`,
      `${server.maxBodiesMiB} MiB (\`server.maxBodiesMiB\`)`,
      `${server.smallBodiesMiB} MiB for bodies up to ${SMALL_BODY_BYTES / 1024 / 1024} MiB`,
      `${server.maxBodiesPerUserMiB} MiB (\`server.maxBodiesPerUserMiB\`)`,
      `${server.maxBodySeconds} s (\`server.maxBodySeconds\`)`,
      `${headersMs / 1000} s for headers`,
      `${requestMs / 60_000} minutes for a whole request`,
      `${bodyBytesPerSecond / 1024} KiB per second for a body`,
      `once it is ${slowBodySeconds} s behind`,
      `an idle connection is kept for ${keepAliveMs / 1000} s`,
    ]) {
      expect(text).toContain(stated);
    }
  });

  it('has lines of the log and alarms that the service writes', () => {
    const sources = [
      'src/app/app.setup.ts',
      'src/app/refusal-log.ts',
      'src/auth/auth.module.ts',
      'src/events/event-log.ts',
      'src/app/serve.ts',
      'src/tracking/tracker.ts',
      'src/tracking/queue/dispatcher.ts',
      'src/tracking/recovery/sweep.ts',
    ]
      .map(textOf)
      .join('\n');
    for (const line of [
      'reading the open SciCat jobs failed',
      'polling Globus failed',
      'SciCat job rejects writes, retrying hourly',
      'SciCat job ignored',
      'transfer adopted from SciCat',
      'transfer changed',
      'start failed',
      'too many invalid tokens',
      'connection limit reached',
      'too many connections from one address',
      'too many requests are waiting',
      'it was created by the Go version of the service, with no Globus task',
    ]) {
      expect([line, text.includes(line), sources.includes(line)]).toEqual([line, true, true]);
    }
    for (const kind of ALARM_KINDS) {
      expect([kind, text.includes(`\`${kind}`)]).toEqual([kind, true]);
    }
  });

  it('names files, variables and settings that there are', () => {
    for (const [path = ''] of text.matchAll(/\b(?:deploy|config)\/[\w./-]+\.\w+/g)) {
      const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
      expect([path, existsSync(file)]).toEqual([path, true]);
    }
    const known = textOf('docs/configuration.md');
    for (const [, setting = ''] of text.matchAll(
      /`((?:server|task|scicat|spool|transfer)\.\w+)`/g,
    )) {
      expect([setting, known.includes(`\`${setting}\``)]).toEqual([setting, true]);
    }
    for (const [variable] of text.matchAll(/\b(?:GLOBUS|SCICAT)_\w+(?:_FILE|_CONFIG)\b/g)) {
      expect([variable, known.includes(variable.replace(/_FILE$/, ''))]).toEqual([variable, true]);
    }
  });
});
