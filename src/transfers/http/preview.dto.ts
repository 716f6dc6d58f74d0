import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { CopyOptions, Finalization } from '../../domain/transfer-record.js';
import { type AppliedRule, RULES } from '../../facilities/request-rules.js';
import { RULE_OUTCOMES } from '../../facilities/verdict.js';
import type { TransferPreview } from '../application/preview-transfer.js';
import { ApiField, COUNT, EXAMPLE_JOB, EXAMPLE_PID, OPTIONAL } from './api-field.js';
import { ACCESS_PATH } from './facility.dto.js';

const SOURCE_COLLECTION = '6c54cade-bde5-45c1-bdea-f4bd71dba2cc';
const WAITS_FOR =
  'the service runs at most 10 transfers at a time, and this one waits for a free slot';
const AFTERWARDS =
  'Once its files have arrived, the dataset is marked as archivable, and an archive job is created.';
const SYMLINKS = 'Symbolic links are copied as links.';
const STRINGS = { ...OPTIONAL, type: [String] as [typeof String] };

@ApiSchema({ name: 'PreviewedSide' })
class PreviewedSideDto {
  @ApiField('Name of the facility.', 'EXAMPLE-SOURCE')
  facility!: string;

  @ApiField('Id of the Globus collection.', SOURCE_COLLECTION, { format: 'uuid' })
  collection!: string;

  @ApiField(
    'Folder of the dataset in the collection. `{TransferKey}` stands for a UUID that is generated for each transfer.',
    '/p10001/run-7',
  )
  path!: string;
}

@ApiSchema({ name: 'CopyOptions' })
class CopyOptionsDto implements CopyOptions {
  @ApiField('Whether Globus verifies checksums after copying.', true)
  verifyChecksum!: boolean;

  @ApiField('Whether files keep their modification times.', false)
  preserveTimestamp!: boolean;

  @ApiField('Whether Globus encrypts the data in transit.', false)
  encryptData!: boolean;

  @ApiField(
    'Which files that already exist at the destination are copied again: 0 none, 1 those that differ in size, 2 also those with an older modification time, 3 also those that differ in checksum. If absent, all files are copied.',
    1,
    { ...COUNT, maximum: 3 },
  )
  syncLevel?: number;

  @ApiField(
    "Hours after which Globus cancels the task. If absent, Globus's default applies.",
    72,
    OPTIONAL,
  )
  deadlineHours?: number;

  @ApiField(
    'Which entries of a file list are sent to Globus: with `leaves`, all except folders that have a listed entry below them; with `as-listed`, all of them.',
    'leaves',
    { enum: ['leaves', 'as-listed'] },
  )
  fileList!: CopyOptions['fileList'];

  @ApiField(
    'What Globus does with the symbolic links that it finds in folders: `ignore` leaves them out, `keep` copies them as links.',
    'keep',
    { enum: ['ignore', 'keep'] },
  )
  recursiveSymlinks!: CopyOptions['recursiveSymlinks'];
}

@ApiSchema({ name: 'AppliedRule' })
class AppliedRuleDto {
  @ApiProperty({ enum: RULES, enumName: 'RuleName', example: 'source-access' })
  rule!: AppliedRule['rule'];

  @ApiField(
    '`passed` or `not-needed`. If a rule refuses the request, the response is an error instead.',
    'passed',
    { enum: RULE_OUTCOMES, enumName: 'RuleOutcome' },
  )
  outcome!: AppliedRule['outcome'];

  @ApiField('Facility that the rule belongs to.', 'EXAMPLE-SOURCE', OPTIONAL)
  facility?: string;

  @ApiField(
    'What was found, as a sentence.',
    'The SciCat account has "EXAMPLE-SOURCE" at profile.accessGroups.',
  )
  message!: string;

  @ApiField(ACCESS_PATH, 'profile.accessGroups', OPTIONAL)
  accessPath?: string;

  @ApiField('Accepted values; one of them is enough.', ['EXAMPLE-SOURCE'], STRINGS)
  required?: readonly string[];

  @ApiField('Values found in your identity or in the dataset.', ['EXAMPLE-SOURCE'], STRINGS)
  found?: readonly string[];
}

/** Response of `POST /transfer/preview`. */
@ApiSchema({ name: 'TransferPreview' })
export class TransferPreviewDto {
  @ApiField('PID of the dataset in SciCat.', EXAMPLE_PID)
  datasetPid!: string;

  @ApiProperty()
  source!: PreviewedSideDto;

  @ApiProperty()
  destination!: PreviewedSideDto;

  @ApiProperty()
  copy!: CopyOptionsDto;

  @ApiField('Whether the request asks to archive the dataset once its files have arrived.', true)
  autoArchive!: boolean;

  @ApiField(
    'What happens to the dataset once its files have arrived. `archive`: it is marked as archivable and, with `autoArchive`, an archive job is created. `none`: nothing, because the destination facility is configured that way. `already-archived`: nothing, because the dataset is already archived or being archived.',
    'archive',
    { enum: ['archive', 'none', 'already-archived'] },
  )
  finalize!: Finalization;

  @ApiField('`finalize` as a sentence, with the reason.', AFTERWARDS)
  afterwards!: string;

  @ApiField('What happens to symbolic links, as a sentence.', SYMLINKS)
  symlinks!: string;

  @ApiField(
    'Number of distinct files and folders in the file list. If absent, the whole dataset folder is transferred.',
    120,
    { ...COUNT, minimum: 1 },
  )
  listedFiles?: number;

  @ApiField(
    'All rules, in the order in which they were applied. The examples show only some.',
    undefined,
    { type: [AppliedRuleDto] },
  )
  rules!: readonly AppliedRuleDto[];

  @ApiField(
    'Job of an identical transfer that is still open. POST /transfer would return this job instead of starting a new transfer.',
    EXAMPLE_JOB,
    { ...OPTIONAL, format: 'uuid' },
  )
  openJobId?: string;

  @ApiField('Whether the transfer would have to wait before it is submitted to Globus.', false)
  wouldWait!: boolean;

  @ApiField('Why the transfer would wait.', WAITS_FOR, OPTIONAL)
  waitsFor?: string;
}

/** Shortened: a real response has more rules. */
const STARTS_AT_ONCE = {
  datasetPid: EXAMPLE_PID,
  source: {
    facility: 'EXAMPLE-SOURCE',
    collection: SOURCE_COLLECTION,
    path: '/p10001/run-7',
  },
  destination: {
    facility: 'EXAMPLE-ARCHIVE',
    collection: '31ce9ba0-176d-45a5-add3-f37d233ba47d',
    path: '/alice/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22',
  },
  copy: {
    verifyChecksum: true,
    preserveTimestamp: false,
    encryptData: false,
    fileList: 'leaves',
    recursiveSymlinks: 'keep',
  },
  autoArchive: true,
  finalize: 'archive',
  afterwards: AFTERWARDS,
  symlinks: SYMLINKS,
  rules: [
    {
      rule: 'source-access',
      outcome: 'passed',
      facility: 'EXAMPLE-SOURCE',
      message: 'The SciCat account has "EXAMPLE-SOURCE" at profile.accessGroups.',
      accessPath: 'profile.accessGroups',
      required: ['EXAMPLE-SOURCE'],
      found: ['EXAMPLE-SOURCE'],
    },
    {
      rule: 'dataset-owner-group',
      outcome: 'passed',
      message: 'The user is in the dataset\'s owner group "p10001".',
      required: ['p10001'],
      found: ['p10001'],
    },
    {
      rule: 'inside-root',
      outcome: 'passed',
      facility: 'EXAMPLE-SOURCE',
      message: '"/data/p10001/run-7" is inside the collection root "/data".',
      required: ['/data'],
      found: ['/data/p10001/run-7'],
    },
  ],
  wouldWait: false,
} satisfies TransferPreviewDto;

/** Example responses of `POST /transfer/preview`. */
export const PREVIEW_EXAMPLES = {
  atOnce: { summary: 'The transfer would start immediately', value: STARTS_AT_ONCE },
  waits: {
    summary: 'The transfer would wait',
    value: { ...STARTS_AT_ONCE, wouldWait: true, waitsFor: WAITS_FOR },
  },
  held: {
    summary: 'The transfer would wait, because operators hold a facility',
    value: {
      ...STARTS_AT_ONCE,
      wouldWait: true,
      waitsFor:
        'facility EXAMPLE-ARCHIVE is held until 30 Nov 14:00 UTC: maintenance of the storage',
    },
  },
  open: {
    summary: 'An identical transfer of listed files is still open',
    value: { ...STARTS_AT_ONCE, listedFiles: 120, openJobId: EXAMPLE_JOB },
  },
} satisfies Readonly<Record<string, { summary: string; value: TransferPreviewDto }>>;

/** The response for a preview. */
export function previewDto(preview: TransferPreview): TransferPreviewDto {
  const { next, listedFiles, source, destination, rules, ...rest } = preview;
  return {
    ...rest,
    source: sideDto(source),
    destination: sideDto(destination),
    ...(listedFiles === undefined ? {} : { listedFiles }),
    rules: rules.map(({ refusal: _refusal, ...rule }) => rule),
    ...(next.kind === 'repeats'
      ? { openJobId: next.jobId, wouldWait: false }
      : next.slot
        ? { wouldWait: false }
        : { wouldWait: true, waitsFor: next.waitsFor }),
  };
}

function sideDto({ facility, collection, path }: TransferPreview['source']): PreviewedSideDto {
  return { facility, collection, path };
}
