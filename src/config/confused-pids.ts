import type { AnyPathField } from '../facilities/facility.js';
import { pidVariables } from '../facilities/path-resolution.js';
import { TemplateRenderError } from '../templates/template.errors.js';
import type { Template } from '../templates/template.js';

/** PIDs that differ only in one part, as they do in practice. */
const SIMILAR_PIDS = [
  ['10.5061/dryad.j1828/1', '10.5061/dryad.abcd/1'],
  [
    '20.500.12345/7c3d91ae-58f0-4b62-9c1d-2a6e84f0b371',
    '20.500.12345/7c3d91ae-58f0-4b62-9c1d-2a6e84f0b372',
  ],
] as const;

/** What these datasets have in common. */
const ALIKE = {
  SourceFolder: '/data/p12345/run1',
  RelativeSourceFolder: 'p12345/run1',
  DatasetFolder: 'run1',
  Username: 'someone',
  OwnerGroup: 'p12345',
};

/** Two keys of transfers. */
const KEYS = ['2d7f4c90-1b3e-4a58-b6c2-9e05f8a1d374', 'c81a5e26-f49d-4073-8b1e-63d7a0f2c95b'];

/**
 * Two PIDs whose datasets would get the same folder if they had the same source folder; undefined if the
 * template tells all PIDs apart that are tried.
 *
 * @example confusedPids of '/archive/{{ .PidShort }}': the last part of a PID is not unique
 */
export function confusedPids(
  template: Template<AnyPathField>,
): readonly [string, string] | undefined {
  return SIMILAR_PIDS.find((pids) => {
    const [one, other] = pids.map((pid, index) => rendered(template, pid, KEYS[index] ?? ''));
    return one !== undefined && one === other;
  });
}

/** Undefined if the template can't handle the PID: the request is refused then. */
function rendered(
  template: Template<AnyPathField>,
  pid: string,
  TransferKey: string,
): string | undefined {
  try {
    return template.render({ ...ALIKE, ...pidVariables(pid), TransferKey });
  } catch (error) {
    if (error instanceof TemplateRenderError) return undefined;
    throw error;
  }
}
