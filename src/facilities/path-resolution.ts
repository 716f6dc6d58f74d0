import { isMasked } from '../domain/masking.js';
import { goPathBase, goPathDir, goPathEscape } from '../templates/path-variables.js';
import type { Template } from '../templates/template.js';
import type { AnyPathField, Facility } from './facility.js';
import {
  isInside,
  normalizedPath,
  pathProblem,
  pidProblem,
  quoted,
  segmentsOf,
  unsafePart,
} from './path-text.js';
import type { Verdict } from './verdict.js';

/** What the two paths of a transfer are derived from. */
export interface PathRequest {
  readonly source: Facility;
  readonly destination: Facility;
  readonly dataset: {
    readonly pid: string;
    /** Location of the files according to SciCat, an absolute path. The owner can edit it. */
    readonly sourceFolder: string;
    readonly ownerGroup: string;
  };
  /** From the requesting user's identity document. */
  readonly username: string;
  /** The transfer's UUID, or {@link KEY_PLACEHOLDER} before there is a transfer. */
  readonly transferKey: string;
  /** The collection's root according to the request; empty and absent mean the same. */
  readonly collectionRootPath?: string | undefined;
}

/** Stands for the key of a transfer that is not requested yet. */
export const KEY_PLACEHOLDER = '{TransferKey}';

/** The rules for paths, in order; the first one that refuses decides. */
export const PATH_CHECKS = [
  'collection-root',
  'pid',
  'source-folder',
  'inside-root',
  'user-name-in-path',
  'owner-group-in-path',
  'allowed-folders',
  'source-path',
  'destination-path',
] as const;

/** One of {@link PATH_CHECKS}. */
export type PathCheckName = (typeof PATH_CHECKS)[number];

/** A rule for paths, as applied to one request. */
interface PathRule extends Verdict {
  readonly rule: PathCheckName;
  readonly facility: string;
}

/** The outcome of all rules for paths. */
interface PathResolution {
  /** One for each of {@link PATH_CHECKS}, including those after a refusal. */
  readonly rules: readonly PathRule[];
  /** Paths in the collections, with a leading slash and no repeated or trailing one; undefined if refused. */
  readonly paths: { readonly sourcePath: string; readonly destinationPath: string } | undefined;
}

type Variables = Readonly<Record<AnyPathField, string>>;

/**
 * Determines where a dataset's files are on the source collection and where they go on the
 * destination's. Nothing in a dataset, a request or a user name can lead out of the collection root
 * or the allowed folders: inputs are checked first, and the rendered paths are checked again.
 */
export function pathRules(request: PathRequest): PathResolution {
  const { source, destination, dataset } = request;
  const pinned = source.collectionRootPath ?? '';
  const root = pinned === '' ? (request.collectionRootPath ?? '') : pinned;
  const allowed = source.allowedSourceFolders ?? [];
  const variables = pathVariables(request, root);
  const rules: PathRule[] = [];
  const apply = (
    rule: PathCheckName,
    dependsOn: readonly PathCheckName[],
    verdict: () => Verdict,
  ): void => {
    const unmet = rules.find(
      (earlier) => dependsOn.includes(earlier.rule) && !isMet(earlier.outcome),
    );
    const { outcome, ...rest }: Verdict =
      unmet === undefined
        ? verdict()
        : {
            outcome: 'not-checked',
            message: `Not checked: the rule ${unmet.rule} has not passed.`,
          };
    const { name } = rule === 'destination-path' ? destination : source;
    rules.push({ rule, outcome, facility: name, ...rest });
  };
  apply('collection-root', [], () => collectionRoot(source, request.collectionRootPath));
  apply('pid', [], () => pidRule(dataset.pid));
  apply('source-folder', [], () => sourceFolder(dataset.sourceFolder));
  apply('inside-root', root === '' ? [] : ['source-folder'], () =>
    insideRoot(root, dataset.sourceFolder),
  );
  apply('user-name-in-path', [], () => userName(request));
  apply('owner-group-in-path', [], () => ownerGroup(source, dataset.ownerGroup));
  const forAllowed = ['inside-root', ...needsOf([...allowed, source.sourcePath])] as const;
  apply('allowed-folders', allowed.length === 0 ? [] : forAllowed, () =>
    allowedFolders(source, variables, root),
  );
  apply('source-path', needsOf([source.sourcePath]), () => sourcePath(source, variables));
  apply('destination-path', needsOf([destination.destinationPath]), () =>
    destinationPath(destination, variables),
  );
  const [from, to] = rules.slice(-2).map(({ found }) => found?.[0]);
  const resolved =
    from !== undefined && to !== undefined && rules.every(({ outcome }) => isMet(outcome));
  return { rules, paths: resolved ? { sourcePath: from, destinationPath: to } : undefined };
}

function isMet(outcome: Verdict['outcome']): boolean {
  return outcome === 'passed' || outcome === 'not-needed';
}

/** The rules that must pass before a variable is used in a path. */
const VARIABLE_NEEDS: Readonly<Record<AnyPathField, readonly PathCheckName[]>> = {
  Pid: ['pid'],
  PidPrefix: ['pid'],
  PidShort: ['pid'],
  PidEncoded: ['pid'],
  SourceFolder: ['source-folder'],
  RelativeSourceFolder: ['source-folder', 'inside-root'],
  DatasetFolder: ['source-folder'],
  Username: ['user-name-in-path'],
  OwnerGroup: ['owner-group-in-path'],
  // Generated by the service.
  TransferKey: [],
};

function needsOf(templates: readonly Template<AnyPathField>[]): readonly PathCheckName[] {
  return templates.flatMap(({ fields }) => [...fields].flatMap((name) => VARIABLE_NEEDS[name]));
}

/**
 * The template variables, computed as in the Go version, with one exception: if the folder is the
 * root itself, `RelativeSourceFolder` is empty, not `.`, which must not become a segment of a path.
 */
function pathVariables({ dataset, username, transferKey }: PathRequest, root: string): Variables {
  const { pid, sourceFolder: SourceFolder, ownerGroup: OwnerGroup } = dataset;
  return {
    ...pidVariables(pid),
    SourceFolder,
    RelativeSourceFolder:
      root === ''
        ? SourceFolder
        : segmentsOf(SourceFolder).slice(segmentsOf(root).length).join('/'),
    DatasetFolder: goPathBase(SourceFolder),
    Username: username,
    OwnerGroup,
    TransferKey: transferKey,
  };
}

/** The variables that depend on the PID alone. */
export function pidVariables(
  pid: string,
): Pick<Variables, 'Pid' | 'PidPrefix' | 'PidShort' | 'PidEncoded'> {
  return {
    Pid: pid,
    PidPrefix: goPathDir(pid),
    PidShort: goPathBase(pid),
    PidEncoded: goPathEscape(pid),
  };
}

/** The facility's own root takes precedence over the request's. */
function collectionRoot({ name, collectionRootPath }: Facility, requested = ''): Verdict {
  const pinned = collectionRootPath ?? '';
  if (pinned === '') {
    return requested === ''
      ? notNeeded('Neither the facility nor the request specifies a collection root.', '')
      : passed(
          `The collection root is ${quoted(requested)}, as specified in the request.`,
          requested,
        );
  }
  // No dot segments are resolved: "/a/../b" must not pass for "/b".
  const same =
    requested === '' ||
    (requested.startsWith('/') && normalizedPath(requested) === normalizedPath(pinned));
  return same
    ? passed(
        `The collection root is ${quoted(pinned)}, as configured for facility ${quoted(name)}.`,
        pinned,
        [pinned],
      )
    : refused(
        'root-differs',
        `The collection root ${quoted(requested)} differs from the one configured for facility ${quoted(name)}. Correct it, or omit it.`,
        requested,
        [pinned],
      );
}

function pidRule(value: string): Verdict {
  const problem = pidProblem(value);
  return problem === undefined
    ? passed(`The PID ${quoted(value)} can be used in a path.`, value)
    : refused('pid-unusable', `The dataset's PID ${quoted(value)} ${problem}.`, value);
}

function sourceFolder(folder: string): Verdict {
  if (isMasked(folder)) {
    return refused(
      'source-folder-masked',
      `SciCat hides part of the dataset's source folder (${quoted(folder)}) from you, so the files can't be located. Ask the SciCat administrators about masked personal information.`,
      folder,
    );
  }
  const problem = pathProblem(folder);
  return problem === undefined
    ? passed(`The dataset's source folder ${quoted(folder)} is an absolute path.`, folder)
    : refused(
        'source-folder-unusable',
        `The dataset's source folder ${quoted(folder)} ${problem}. Correct it in SciCat.`,
        folder,
      );
}

function insideRoot(root: string, folder: string): Verdict {
  if (root === '')
    return notNeeded('Not checked against a collection root, because there is none.', folder);
  const problem = pathProblem(root);
  if (problem !== undefined) {
    return refused('root-unusable', `The collection root ${quoted(root)} ${problem}.`, folder, [
      root,
    ]);
  }
  return isInside(segmentsOf(folder), segmentsOf(root))
    ? passed(`${quoted(folder)} is inside the collection root ${quoted(root)}.`, folder, [root])
    : refused(
        'outside-root',
        `The dataset's source folder ${quoted(folder)} is not inside the collection root ${quoted(root)}.`,
        folder,
        [root],
      );
}

/** A user name is always a single segment: with a slash, it would name another user's folder. */
function userName({ source, destination, username }: PathRequest): Verdict {
  const templates: readonly Template<AnyPathField>[] = [
    ...(source.allowedSourceFolders ?? []),
    source.sourcePath,
    destination.destinationPath,
  ];
  if (!templates.some(({ fields }) => fields.has('Username'))) {
    return notNeeded('No path uses the user name.', username);
  }
  const problem =
    namePartProblem(username) ?? (username.includes('/') ? 'contains a "/"' : undefined);
  return problem === undefined
    ? passed(`The user name ${quoted(username)} can be used in a path.`, username)
    : refused(
        'user-name-unusable',
        `Your user name ${quoted(username)} ${problem}, so it can't be used as a folder name, as facility ${quoted(source.name)} or ${quoted(destination.name)} requires.`,
        username,
      );
}

/**
 * Unlike a user name, a group may contain slashes: some identity providers name groups by paths, and
 * only administrators assign them.
 */
function ownerGroup({ name, allowedSourceFolders = [] }: Facility, group: string): Verdict {
  if (!allowedSourceFolders.some(({ fields }) => fields.has('OwnerGroup'))) {
    return notNeeded('No path uses the owner group.', group);
  }
  const problem = namePartProblem(group);
  return problem === undefined
    ? passed(`The owner group ${quoted(group)} can be used in a path.`, group)
    : refused(
        'owner-group-unusable',
        `The dataset's owner group ${quoted(group)} ${problem}, so its folder on facility ${quoted(name)} can't be determined.`,
        group,
      );
}

/** An empty name, or one of slashes alone, would turn one person's folder into the shared one above. */
function namePartProblem(name: string): string | undefined {
  return segmentsOf(name).length === 0 ? 'is empty' : unsafePart(name);
}

/**
 * The dataset's folder must be inside an allowed folder, and so must the folder that is really copied:
 * a `sourcePath` of `/{{ .DatasetFolder }}` turns `/data/p1/p2` into `/p2`, which may belong to others.
 * For the same reason, a root from the request must lie above the allowed folder.
 */
function allowedFolders(source: Facility, variables: Variables, root: string): Verdict {
  const { SourceFolder: folder } = variables;
  const facility = quoted(source.name);
  if (source.allowedSourceFolders === undefined) {
    return notNeeded(`Facility ${facility} does not restrict where a dataset may be.`, folder);
  }
  const rootIsRequested = root !== '' && (source.collectionRootPath ?? '') === '';
  const allowed: string[] = [];
  const ofDataset: string[] = [];
  let tooDeep = false;
  for (const template of source.allowedSourceFolders) {
    const rendered = renderPath(template, variables, source.name);
    if ('problem' in rendered) {
      // A condition that does not hold renders to nothing, which allows nothing.
      if (rendered.reason === 'path-empty') continue;
      return refused(rendered.reason, rendered.problem, folder, allowed);
    }
    const { path } = rendered;
    if (path === '/' && !EVERYTHING.test(template.source)) continue;
    allowed.push(path);
    if (!isInside(segmentsOf(folder), segmentsOf(path))) continue;
    if (!rootIsRequested || !isInside(segmentsOf(root), segmentsOf(path))) ofDataset.push(path);
    else tooDeep = true;
  }
  const [path] = ofDataset;
  if (path !== undefined) {
    const copied = copiedFolder(source, variables, root);
    if (
      copied === undefined ||
      allowed.some((one) => isInside(segmentsOf(copied), segmentsOf(one)))
    ) {
      return passed(
        `${quoted(folder)} is inside ${quoted(path)}, which facility ${facility} allows.`,
        folder,
        [path],
      );
    }
    return refused(
      'copied-outside-allowed-folders',
      `The files would be copied from ${quoted(copied)} instead of the dataset's source folder ${quoted(folder)}, and that is outside the folders that facility ${facility} allows for the dataset. Ask the operator to check the facility's sourcePath, collectionRootPath, and allowedSourceFolders.`,
      copied,
      allowed,
    );
  }
  return tooDeep
    ? refused(
        'root-differs',
        `The collection root ${quoted(root)} must be above the folders that facility ${facility} allows; otherwise the service can't tell whose files these are. Correct collectionRootPath. If it is correct, ask the operator to set it in the configuration of facility ${facility}.`,
        folder,
        allowed,
      )
    : refused(
        'outside-allowed-folders',
        `The dataset's source folder ${quoted(folder)} is outside the folders that facility ${facility} allows for it.`,
        folder,
        allowed,
      );
}

/**
 * The folder that is copied, as an absolute path on the facility's machines. Undefined if it has the
 * same owner as the dataset's folder, because the path in the collection is the dataset's whole
 * folder after a fixed prefix; and if there is no path, for which another rule refuses the request.
 */
function copiedFolder(
  { sourcePath: template, name }: Facility,
  variables: Variables,
  root: string,
): string | undefined {
  const rendered = renderPath(template, variables, name);
  if ('problem' in rendered) return undefined;
  const wholeFolder = [variables.RelativeSourceFolder, variables.SourceFolder].map((folder) =>
    normalizedPath(`${template.prefix}${folder}`),
  );
  return wholeFolder.includes(rendered.path)
    ? undefined
    : normalizedPath(`${root}${rendered.path}`);
}

function sourcePath({ sourcePath: template, name }: Facility, variables: Variables): Verdict {
  const rendered = renderPath(template, variables, name);
  if ('problem' in rendered) return refused(rendered.reason, rendered.problem, '');
  return passed(
    `The files are at ${quoted(rendered.path)} in the collection of facility ${quoted(name)}.`,
    rendered.path,
  );
}

function destinationPath(
  { destinationPath: template, name }: Facility,
  variables: Variables,
): Verdict {
  const rendered = renderPath(template, variables, name);
  if ('problem' in rendered) return refused(rendered.reason, rendered.problem, '');
  const { path } = rendered;
  if (template.fields.has('TransferKey') && !keepsTransferKey(template, variables)) {
    return refused(
      'transfer-key-changed',
      `The path of this dataset on facility ${quoted(name)} does not contain the transfer's key unchanged, so two identical requests could not be recognized. Ask the operator to check the facility's path templates.`,
      '',
    );
  }
  const note = path.includes(KEY_PLACEHOLDER)
    ? ` ${KEY_PLACEHOLDER} stands for a UUID that is generated for each transfer.`
    : '';
  return passed(
    `The files go to ${quoted(path)} in the collection of facility ${quoted(name)}.${note}`,
    path,
  );
}

/** Two keys to compare renderings with. */
const SAMPLE_KEYS = [
  '3f2b8c1e-5d47-4a90-8e61-0c9d7b3a2f15',
  'a94e07d2-61bc-4f38-95c7-8d2e1f6b0a43',
] as const;

/**
 * Whether a template uses the transfer's key only as it is, for these variables: shortened, it would not
 * tell transfers apart; changed in any way, it could not be found in the path, and so two requests for
 * the same copy would not be recognized as equal.
 */
export function keepsTransferKey(
  template: Template<AnyPathField>,
  variables: Readonly<Record<AnyPathField, string>>,
): boolean {
  const [one, other] = SAMPLE_KEYS.map((TransferKey) => {
    try {
      return template.render({ ...variables, TransferKey });
    } catch {
      return '';
    }
  });
  return one?.replaceAll(SAMPLE_KEYS[0], SAMPLE_KEYS[1]) === other;
}

/** A template that allows every folder says so literally. */
const EVERYTHING = /^\s*\/+\s*$/;

function renderPath(
  template: Template<AnyPathField>,
  variables: Variables,
  facility: string,
): { readonly path: string } | { readonly reason: string; readonly problem: string } {
  const unusable = (why: string, reason = 'path-unusable') => ({
    reason,
    problem: `The path of this dataset on facility ${quoted(facility)} ${why}. Ask the operator to check the facility's path templates.`,
  });
  let rendered: string;
  try {
    rendered = template.render(variables);
  } catch {
    // A template can fail on its data, e.g. on an index past the end of a short PID.
    return unusable("can't be rendered from its template");
  }
  const problem = unsafePart(rendered);
  if (problem !== undefined) return unusable(problem);
  // "/" can be intended; an empty string is what a template's condition left over.
  if (rendered.trim() === '') return unusable('is empty', 'path-empty');
  const path = normalizedPath(rendered);
  // Globus reads a leading "~" as the service account's home folder.
  return path.startsWith('/~') && !/^\/*~/.test(template.source)
    ? unusable('begins with "~", which Globus takes for a home folder')
    : { path };
}

function passed(message: string, found: string, required: readonly string[] = []): Verdict {
  return { outcome: 'passed', message, ...compared(found, required) };
}

function notNeeded(message: string, found: string): Verdict {
  return { outcome: 'not-needed', message, ...compared(found, []) };
}

function refused(
  reason: string,
  message: string,
  found: string,
  required: readonly string[] = [],
): Verdict {
  const refusal = { kind: 'not-usable', reason: `path:${reason}` } as const;
  return { outcome: 'refused', message, ...compared(found, required), refusal };
}

function compared(found: string, required: readonly string[]): Pick<Verdict, 'required' | 'found'> {
  return {
    ...(required.length === 0 ? {} : { required }),
    ...(found === '' ? {} : { found: [found] }),
  };
}
