import { isRecord } from './filter.js';
import { readActions } from './job-actions.js';
import type { JobTypeConfig } from './jobs.js';

/**
 * The job types of a file that JOB_CONFIGURATION_FILE may name.
 *
 * @param document the parsed file
 * @throws Error on what SciCat would not start with, and on what the emulator does not have
 */
export function jobTypesOf(document: unknown): Readonly<Record<string, JobTypeConfig>> {
  const { configVersion, jobs } = isRecord(document) ? document : {};
  if (typeof configVersion !== 'string') throw new Error('configVersion must be a string.');
  if (!Array.isArray(jobs)) throw new Error('jobs must be a list.');
  const types = jobs.map((entry: unknown) => {
    const { jobType, create, update } = isRecord(entry) ? entry : {};
    if (typeof jobType !== 'string') throw new Error('jobType must be a string.');
    const requirements = requirementsOf(isRecord(create) ? create['actions'] : undefined);
    const config: JobTypeConfig = {
      create: { ...operationOf(create), ...requirements },
      update: operationOf(update),
    };
    return [jobType, config] as const;
  });
  const names = types.map(([name]) => name);
  if (new Set(names).size < names.length) throw new Error('Duplicate job types.');
  return Object.fromEntries(types);
}

function operationOf(value: unknown): JobTypeConfig['update'] {
  const { auth, actions } = isRecord(value) ? value : {};
  if (typeof auth !== 'string') throw new Error('auth must be a string.');
  return { auth, actions: readActions(actions) };
}

/** What `validate` actions require of datasets. */
function requirementsOf(actions: unknown): Pick<JobTypeConfig['create'], 'datasetsMustHave'> {
  const required = (Array.isArray(actions) ? actions : []).flatMap((action: unknown) => {
    const { actionType, datasets } = isRecord(action) ? action : {};
    if (actionType !== 'validate' || !isRecord(datasets)) return [];
    return Object.entries(datasets).map(([path, schema]) => {
      if (!isRecord(schema) || Object.keys(schema).join() !== 'const') {
        throw new Error('The emulator validates datasets by "const" only.');
      }
      return [path, schema['const']] as const;
    });
  });
  return required.length === 0 ? {} : { datasetsMustHave: Object.fromEntries(required) };
}
