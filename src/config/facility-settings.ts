import {
  DESTINATION_FIELDS,
  DIRECTIONS,
  type Direction,
  type Facility,
  FINALIZE_RULES,
  type FinalizeRule,
  FOLDER_FIELDS,
  NAME_FIELDS,
  PATH_FIELDS,
  SCOPE_FIELDS,
  SYMLINK_RULES,
  type SymlinkRule,
  type SyncLevel,
} from '../facilities/facility.js';
import { adviseDirection } from './advice.js';
import { type Holder, Setting, type SettingSpec } from './define-setting.js';
import {
  accessPath,
  destinationTemplate,
  each,
  fixedTemplate,
  pathTemplate,
  rootPath,
} from './facility-kinds.js';
import { flag, oneOf, syncLevel, text, textList, uuid } from './value-kinds.js';

/** A facility at run time: what `src/facilities` needs, and all other options by their names. */
export type ConfiguredFacility = Facility & Omit<FacilitySettings, keyof Facility>;

/** A resolved value must have the type that `Facility` has for that name. */
type Fits<Name, Resolved> = Name extends keyof Facility
  ? Resolved extends Facility[Name]
    ? unknown
    : never
  : unknown;

/** A reload replaces facilities as a whole. */
const Option: <Written, Resolved>(
  spec: Omit<SettingSpec<Written, Resolved>, 'reload'>,
) => <Name extends string>(
  target: Holder<Name, Written>,
  name: Name & Fits<Name, Resolved>,
) => void = (spec) => Setting({ ...spec, reload: 'live' });

/**
 * One entry of `facilities`: a site with one Globus collection and the rules for it. A new option is
 * one member here; add it to `Facility` too if `src/facilities` uses it.
 */
export class FacilitySettings implements Record<keyof Facility, unknown> {
  @Option({
    kind: text('the name of the facility'),
    description:
      'Name of the facility, unique; what callers send as `sourceFacility` or `destFacility`.',
    required: true,
    alias: 'Name',
    example: 'PSI',
  })
  readonly name!: string;

  @Option({
    kind: uuid("the id of the facility's Globus collection"),
    description: "Id of the facility's Globus collection, a UUID.",
    required: true,
    alias: 'Collection',
    example: '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
  })
  readonly collection!: string;

  @Option({
    kind: { ...oneOf(DIRECTIONS), advise: adviseDirection(DIRECTIONS) },
    description:
      'Directions in which files may be transferred: `SRC` from the facility, `DST` to it, `BOTH` both ways.',
    example: 'SRC',
  })
  readonly direction: Direction = 'BOTH';

  @Option({
    kind: accessPath(
      'a dot path such as "profile.accessGroups"; an empty path would deny access to every user. Specify a path, or remove the line to use the default',
    ),
    description:
      "Where to look for `accessValue` in the document that SciCat's `users/my/identity` returns, as a dot path; a template that may use `.Name`.",
    example: 'profile.oidcClaims.facilities',
  })
  readonly accessPath: string = 'profile.accessGroups';

  @Option({
    kind: fixedTemplate(
      "the string that users of the facility have at accessPath; an empty string matches no user. Specify a value, or remove the line to use the default, the facility's name",
      NAME_FIELDS,
    ),
    description:
      'Value that a user must have at `accessPath`, either as the string itself or as an element of a list; a template that may use `.Name`.',
    example: '{{.Name}}-users',
  })
  readonly accessValue: string = '{{.Name}}';

  @Option({
    kind: each(
      textList('Globus scopes', { mayBeEmpty: false }),
      fixedTemplate('a Globus scope', SCOPE_FIELDS),
    ),
    description:
      'Globus scopes that a token needs to reach the collection; templates that may use `.Name` and `.Collection`. Collections without a `data_access` scope (guest, high-assurance and personal ones) need only the part before the bracket.',
    alias: 'Scopes',
    example: ['urn:globus:auth:scope:transfer.api.globus.org:all'],
  })
  readonly scopes: readonly string[] = [
    'urn:globus:auth:scope:transfer.api.globus.org:all[*https://auth.globus.org/scopes/{{.Collection}}/data_access]',
  ];

  @Option({
    kind: pathTemplate('a path template such as "/{{ .RelativeSourceFolder }}"', PATH_FIELDS),
    description:
      "Where a dataset's files are on this collection when the facility is the source; a path template.",
    example: '/raw/{{ .RelativeSourceFolder }}',
  })
  readonly sourcePath: string = '/{{ .RelativeSourceFolder }}';

  @Option({
    kind: destinationTemplate('a path template such as "/archive/{{ .Pid }}"', DESTINATION_FIELDS),
    description:
      "Where a dataset's files go on this collection when the facility is the destination; a path template. It should contain `.Pid` or `.PidEncoded`, or `.PidPrefix` together with `.PidShort`; otherwise, two datasets may end up in the same folder. With `.TransferKey`, each transfer gets a folder of its own.",
    example: '/archive/{{ .Pid }}/{{ .DatasetFolder }}',
  })
  readonly destinationPath: string = '/{{ .RelativeSourceFolder }}';

  @Option({
    kind: rootPath('the absolute path of the collection\'s root, such as "/data"'),
    description:
      "Absolute path, on the facility's machines, of what the collection shows as `/`; a template that may use `.Name`. Requests then can't specify a different one.",
    unset: 'set by the request',
    example: '/data/{{ .Name }}',
  })
  readonly collectionRootPath: string | undefined;

  @Option({
    kind: each(
      textList('folder templates such as "/data/{{ .OwnerGroup }}"', { mayBeEmpty: false }),
      pathTemplate('a folder template', FOLDER_FIELDS),
    ),
    description:
      "Folders that may contain a dataset when this facility is the source; templates that may use every path variable and `.OwnerGroup`. A dataset's owner can change its `sourceFolder` in SciCat, so this is what keeps the service from copying other people's files.",
    unset: 'any folder',
    example: ['/data/{{ .OwnerGroup }}'],
  })
  readonly allowedSourceFolders: readonly string[] | undefined;

  @Option({
    kind: flag(),
    description:
      "Whether Globus compares checksums after copying. The destination's value wins over the source's, and both over `transfer.verifyChecksum`.",
    unset: 'what `transfer.verifyChecksum` says',
    example: false,
  })
  readonly verifyChecksum: boolean | undefined;

  @Option({
    kind: syncLevel(),
    description:
      "Which files Globus copies; see `transfer.syncLevel`. The destination's value wins over the source's, and both over `transfer.syncLevel`.",
    unset: 'what `transfer.syncLevel` says',
    example: 3,
  })
  readonly syncLevel: SyncLevel | undefined;

  @Option({
    kind: oneOf(SYMLINK_RULES),
    description:
      'What happens to symbolic links: `keep` copies them as links, with their target unchanged; `refuse` leaves them out of folders, and refuses file lists that contain one. If the two facilities of a transfer differ, `refuse` applies.',
    example: 'refuse',
  })
  readonly symlinks: SymlinkRule = 'keep';

  @Option({
    kind: oneOf(FINALIZE_RULES),
    description:
      'What happens to a dataset once its files have arrived at this facility: `archive` marks it as archivable in SciCat and, unless the request says `autoArchive=false`, creates an archive job; `none` leaves it as it is. A dataset that was archived, or being archived, when the transfer was requested is never changed.',
    example: 'none',
  })
  readonly finalize: FinalizeRule = 'archive';
}
