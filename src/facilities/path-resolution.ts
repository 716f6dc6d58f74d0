import { isMasked } from '../domain/masking.js';
import { goPathBase, goPathDir, goPathEscape } from '../templates/path-variables.js';
import type { Template } from '../templates/template.js';
import type { Facility, FolderField } from './facility.js';
import {
  hasDotSegment,
  hasUnprintable,
  isInside,
  normalizedPath,
  quoted,
  refusePid,
  segmentsOf,
} from './path-text.js';

/** What the two paths of a transfer are worked out from. */
export interface PathRequest {
  readonly source: Facility;
  readonly destination: Facility;
  readonly dataset: {
    readonly pid: string;
    /** Where SciCat says that the files are, an absolute path. The dataset's owner can edit it. */
    readonly sourceFolder: string;
    readonly ownerGroup: string;
  };
  /** The requesting user's name, from SciCat's identity document. */
  readonly username: string;
  /** The collection's root as the request states it; absent and empty mean the same. */
  readonly collectionRootPath?: string | undefined;
}

/** Why no paths come out. */
type PathRefusalReason =
  | 'pid-unusable'
  | 'source-folder-unusable'
  | 'source-folder-masked'
  | 'root-unusable'
  | 'root-differs'
  | 'outside-root'
  | 'outside-allowed-folders'
  | 'user-name-unusable'
  | 'owner-group-unusable'
  | 'path-empty'
  | 'path-unusable';

/** A refusal; `message` is a whole sentence for the scientist. */
interface PathRefusal {
  readonly kind: 'refused';
  readonly reason: PathRefusalReason;
  readonly message: string;
}

/** The two folders in their collections (leading slash, no repeated or trailing one), or why not. */
export type PathResolution =
  | { readonly kind: 'resolved'; readonly sourcePath: string; readonly destinationPath: string }
  | PathRefusal;

/** What {@link explainPaths} checks, in this order. The first one that refuses decides. */
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

/** What came of one check. */
type PathCheckOutcome =
  | { readonly kind: 'passed' }
  /** Neither the facilities nor the request ask for it. */
  | { readonly kind: 'not-needed' }
  /** It can't be told as long as another check is not passed. */
  | { readonly kind: 'not-checked'; readonly dependsOn: PathCheckName }
  | PathRefusal;

/** One check, and the texts that it compared. */
export interface PathCheck {
  readonly check: PathCheckName;
  readonly outcome: PathCheckOutcome;
  /** What was looked at; of the last two checks the path that came out. '' if there is none. */
  readonly value: string;
  /** What it was compared with: roots, or the folders that are allowed. */
  readonly comparedWith: readonly string[];
}

/** The two paths or why not, and how that came about. */
export interface PathExplanation {
  readonly resolution: PathResolution;
  /** All of {@link PATH_CHECKS}, also those after the one that decided. */
  readonly checks: readonly PathCheck[];
}

/**
 * Works out where a dataset's files are on the source collection and where they go on the
 * destination's. Nothing that a dataset's owner, a request or a user name contains can lead out of
 * the collection root or the allowed folders: all inputs are checked first, and what the templates
 * made of them is checked again.
 */
export function explainPaths(request: PathRequest): PathExplanation {
  const { source, destination, dataset } = request;
  const { root, ...rootCheck } = collectionRoot(source, request.collectionRootPath);
  const done: PathCheck[] = [
    { check: 'collection-root', ...rootCheck },
    { check: 'pid', ...looked(dataset.pid, pidRefusal(dataset.pid)) },
    {
      check: 'source-folder',
      ...looked(dataset.sourceFolder, sourceFolderRefusal(dataset.sourceFolder)),
    },
  ];
  const later = (
    check: PathCheckName,
    needs: readonly PathCheckName[],
    apply: ApplyCheck,
  ): void => {
    const dependsOn = done.find(
      (earlier) => needs.includes(earlier.check) && keepsFrom(earlier.outcome),
    )?.check;
    done.push({
      check,
      ...(dependsOn === undefined
        ? apply()
        : { value: '', comparedWith: [], outcome: { kind: 'not-checked', dependsOn } }),
    });
  };
  later('inside-root', root === '' ? [] : ['source-folder'], () =>
    insideRoot(root, dataset.sourceFolder),
  );
  later('user-name-in-path', [], () => userName(request));
  later('owner-group-in-path', [], () => ownerGroup(source, dataset.ownerGroup));

  const variables = pathVariables(request, root);
  const allowed = source.allowedSourceFolders ?? [];
  later('allowed-folders', allowed.length === 0 ? [] : ['inside-root', ...needsOf(allowed)], () =>
    allowedFolders(source, variables, dataset.sourceFolder, root),
  );
  later('source-path', needsOf([source.sourcePath]), () =>
    renderedPath(source.sourcePath, variables, source.name),
  );
  later('destination-path', needsOf([destination.destinationPath]), () =>
    renderedPath(destination.destinationPath, variables, destination.name),
  );
  return { checks: done, resolution: resolutionOf(done) };
}

type ApplyCheck = () => Omit<PathCheck, 'check'>;

/** What keeps a later check that builds on it from being made. */
function keepsFrom(outcome: PathCheckOutcome): boolean {
  return outcome.kind === 'refused' || outcome.kind === 'not-checked';
}

/** Which checks must be passed before a variable may stand in a path. */
const VARIABLE_NEEDS: Readonly<Record<FolderField, readonly PathCheckName[]>> = {
  Pid: ['pid'],
  PidPrefix: ['pid'],
  PidShort: ['pid'],
  PidEncoded: ['pid'],
  SourceFolder: ['source-folder'],
  RelativeSourceFolder: ['source-folder', 'inside-root'],
  DatasetFolder: ['source-folder'],
  Username: ['user-name-in-path'],
  OwnerGroup: ['owner-group-in-path'],
};

function needsOf(templates: readonly Template<FolderField>[]): readonly PathCheckName[] {
  return templates.flatMap(({ fields }) => [...fields].flatMap((name) => VARIABLE_NEEDS[name]));
}

function resolutionOf(checks: readonly PathCheck[]): PathResolution {
  const paths = new Map<PathCheckName, string>();
  for (const { check, outcome, value } of checks) {
    if (outcome.kind === 'refused') return outcome;
    paths.set(check, value);
  }
  return {
    kind: 'resolved',
    sourcePath: paths.get('source-path') ?? '',
    destinationPath: paths.get('destination-path') ?? '',
  };
}

function looked(
  value: string,
  refusal: PathRefusal | undefined,
  comparedWith: readonly string[] = [],
): Omit<PathCheck, 'check'> {
  return { value, comparedWith, outcome: refusal ?? { kind: 'passed' } };
}

function notNeeded(value: string): Omit<PathCheck, 'check'> {
  return { value, comparedWith: [], outcome: { kind: 'not-needed' } };
}

/**
 * The values of all template variables, as the Go version computes them but for one: for a folder
 * that is the root itself Go gives `.`, which must not survive as a segment of a path, so that here
 * `RelativeSourceFolder` is empty then; both stand for the same folder.
 */
function pathVariables(request: PathRequest, root: string): Readonly<Record<FolderField, string>> {
  const { pid, sourceFolder, ownerGroup } = request.dataset;
  return {
    Pid: pid,
    PidPrefix: goPathDir(pid),
    PidShort: goPathBase(pid),
    PidEncoded: goPathEscape(pid),
    SourceFolder: sourceFolder,
    RelativeSourceFolder:
      root === ''
        ? sourceFolder
        : segmentsOf(sourceFolder).slice(segmentsOf(root).length).join('/'),
    DatasetFolder: goPathBase(sourceFolder),
    Username: request.username,
    OwnerGroup: ownerGroup,
  };
}

/** The root that counts: the facility's own, if it has one, else the request's. */
function collectionRoot(
  source: Facility,
  requested = '',
): Omit<PathCheck, 'check'> & { readonly root: string } {
  const pinned = source.collectionRootPath ?? '';
  if (pinned === '') {
    return {
      root: requested,
      ...(requested === '' ? notNeeded('') : looked(requested, undefined)),
    };
  }
  // Compared as they stand: "/a/../b" must not pass for "/b", and differs from it here.
  const same =
    requested === '' ||
    (requested.startsWith('/') && normalizedPath(requested) === normalizedPath(pinned));
  if (same) return { root: pinned, ...looked(pinned, undefined, [pinned]) };
  const refusal = refused(
    'root-differs',
    `The collection root ${quoted(requested)} is not the one of facility ${quoted(source.name)}, which is fixed by the service; send the right one, or none.`,
  );
  return { root: pinned, ...looked(requested, refusal, [pinned]) };
}

function pidRefusal(pid: string): PathRefusal | undefined {
  const why = refusePid(pid);
  return why === undefined
    ? undefined
    : refused('pid-unusable', `The dataset's PID ${quoted(pid)} ${why}.`);
}

function sourceFolderRefusal(sourceFolder: string): PathRefusal | undefined {
  if (isMasked(sourceFolder)) {
    return refused(
      'source-folder-masked',
      `SciCat hides part of the dataset's source folder (${quoted(sourceFolder)}) from you, so the files can't be found; ask the SciCat administrators about masked personal information.`,
    );
  }
  const why = absolutePathProblem(sourceFolder);
  return why === undefined
    ? undefined
    : refused(
        'source-folder-unusable',
        `The dataset's source folder ${quoted(sourceFolder)} ${why}; correct it in SciCat.`,
      );
}

function insideRoot(root: string, sourceFolder: string): Omit<PathCheck, 'check'> {
  if (root === '') return notNeeded(sourceFolder);
  return looked(sourceFolder, rootRefusal(root, sourceFolder), [root]);
}

function rootRefusal(root: string, sourceFolder: string): PathRefusal | undefined {
  const why = absolutePathProblem(root);
  if (why !== undefined) {
    return refused('root-unusable', `The collection root ${quoted(root)} ${why}.`);
  }
  if (isInside(segmentsOf(sourceFolder), segmentsOf(root))) return undefined;
  return refused(
    'outside-root',
    `The dataset's source folder ${quoted(sourceFolder)} is not inside the collection's root ${quoted(root)}.`,
  );
}

function absolutePathProblem(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (!path.startsWith('/')) return 'is not an absolute path (it must begin with "/")';
  if (hasDotSegment(path)) return 'has a "." or ".." segment';
  if (hasUnprintable(path)) return 'contains a control character or broken text';
  return undefined;
}

/** A user name is one segment wherever it is used: with a slash it would name another's folder. */
function userName(request: PathRequest): Omit<PathCheck, 'check'> {
  const { source, destination, username } = request;
  const templates: readonly Template<FolderField>[] = [
    ...(source.allowedSourceFolders ?? []),
    source.sourcePath,
    destination.destinationPath,
  ];
  if (!templates.some((template) => template.fields.has('Username'))) return notNeeded(username);
  const why = namePartProblem(username) ?? (username.includes('/') ? 'contains a "/"' : undefined);
  return looked(
    username,
    why === undefined
      ? undefined
      : refused(
          'user-name-unusable',
          `Your user name ${quoted(username)} ${why}, so no folder can be named after it, as facility ${quoted(source.name)} or ${quoted(destination.name)} would have it.`,
        ),
  );
}

/**
 * Unlike in a user name, a slash is fine: groups of some identity providers are paths, and whoever
 * is in such a group was put there by an administrator.
 */
function ownerGroup(source: Facility, group: string): Omit<PathCheck, 'check'> {
  const used = source.allowedSourceFolders?.some((folder) => folder.fields.has('OwnerGroup'));
  if (used !== true) return notNeeded(group);
  const why = namePartProblem(group);
  return looked(
    group,
    why === undefined
      ? undefined
      : refused(
          'owner-group-unusable',
          `The dataset's owner group ${quoted(group)} ${why}, so its folder on facility ${quoted(source.name)} can't be told.`,
        ),
  );
}

/** An empty name would make the folder above it, everybody's, out of one person's folder. */
function namePartProblem(name: string): string | undefined {
  if (segmentsOf(name).length === 0) return 'is empty';
  if (hasDotSegment(name)) return 'has a "." or ".." segment';
  if (hasUnprintable(name)) return 'contains a control character or broken text';
  return undefined;
}

/**
 * The folder that SciCat names must lie in an allowed one. Where the request states the root, the
 * root must lie above that allowed folder, or the path in the collection would not tell whose folder
 * it is any more: root `/data/p1` turns `/data/p1/p2` into `/p2`, which may be a stranger's.
 */
function allowedFolders(
  source: Facility,
  variables: Readonly<Record<FolderField, string>>,
  sourceFolder: string,
  root: string,
): Omit<PathCheck, 'check'> {
  if (source.allowedSourceFolders === undefined) return notNeeded(sourceFolder);
  const statedByRequest = root !== '' && (source.collectionRootPath ?? '') === '';
  const folders: string[] = [];
  let tooDeep = false;
  for (const template of source.allowedSourceFolders) {
    const folder = renderPath(template, variables, source.name);
    if (typeof folder !== 'string') {
      // A condition that does not hold leaves nothing, which allows nothing.
      if (folder.reason === 'path-empty') continue;
      return looked(sourceFolder, folder, folders);
    }
    if (folder === '/' && !EVERYTHING.test(template.source)) continue;
    folders.push(folder);
    if (!isInside(segmentsOf(sourceFolder), segmentsOf(folder))) continue;
    if (!statedByRequest || !isInside(segmentsOf(root), segmentsOf(folder))) {
      return looked(sourceFolder, undefined, [folder]);
    }
    tooDeep = true;
  }
  const refusal = tooDeep
    ? refused(
        'root-differs',
        `The collection root ${quoted(root)} is not above the folders that facility ${quoted(source.name)} allows, so it can't be told whose files are meant. If it is right, ask the service's operator to set it as the facility's collectionRootPath.`,
      )
    : refused(
        'outside-allowed-folders',
        `The dataset's source folder ${quoted(sourceFolder)} is in none of the folders that facility ${quoted(source.name)} allows for it.`,
      );
  return looked(sourceFolder, refusal, folders);
}

function renderedPath(
  template: Template<FolderField>,
  variables: Readonly<Record<FolderField, string>>,
  facilityName: string,
): Omit<PathCheck, 'check'> {
  const path = renderPath(template, variables, facilityName);
  return typeof path === 'string' ? looked(path, undefined) : looked('', path);
}

/** The template that allows every folder says so literally. */
const EVERYTHING = /^\s*\/+\s*$/;

function renderPath<Field extends FolderField>(
  template: Template<Field>,
  variables: Readonly<Record<FolderField, string>>,
  facilityName: string,
): string | PathRefusal {
  const unusable = (why: string): PathRefusal =>
    refused(
      'path-unusable',
      `The path for this dataset on facility ${quoted(facilityName)} ${why}; ask the people who run this service to look at the facility's path templates.`,
    );
  let rendered: string;
  try {
    rendered = template.render(variables);
  } catch {
    // A template can fail on its data, e.g. by an index behind the end of a short PID.
    return unusable("can't be worked out from its template");
  }
  if (hasDotSegment(rendered)) return unusable('comes out with a "." or ".." segment');
  if (hasUnprintable(rendered)) return unusable('comes out with a control character');
  // "/" is what somebody may mean; nothing at all is what a template's condition left over.
  if (rendered.trim() === '') {
    return { ...unusable('comes out empty'), reason: 'path-empty' };
  }
  const path = normalizedPath(rendered);
  // Globus reads a first segment "~" as the service account's home folder, wherever that is.
  if (path.startsWith('/~') && !/^\/*~/.test(template.source)) {
    return unusable('comes out beginning with "~", which Globus takes for a home folder');
  }
  return path;
}

function refused(reason: PathRefusalReason, message: string): PathRefusal {
  return { kind: 'refused', reason, message };
}
