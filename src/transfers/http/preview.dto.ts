import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { CopyOptions, RecordedSide } from '../../domain/transfer-record.js';
import {
  RULE_OUTCOMES,
  type RuleName,
  type RuleOutcome,
  RULES,
} from '../../facilities/request-rules.js';
import type { TransferPreview } from '../application/preview-transfer.js';
import { ApiField, COUNT, EXAMPLE_JOB, EXAMPLE_PID, OPTIONAL } from './api-field.js';
import { ACCESS_PATH } from './facility.dto.js';

const SOURCE_COLLECTION = '6c54cade-bde5-45c1-bdea-f4bd71dba2cc';
const WAITS_FOR = 'the service runs at most 10 at a time, and others were requested before';
const STRINGS = { ...OPTIONAL, type: [String] as [typeof String] };

/** One side of a previewed transfer. */
@ApiSchema({ name: 'PreviewedSide' })
export class PreviewedSideDto {
  @ApiField('Name of the facility.', 'EXAMPLE-SOURCE')
  facility!: string;

  @ApiField('Globus collection of the facility.', SOURCE_COLLECTION, { format: 'uuid' })
  collection!: string;

  @ApiField("The folder in the collection, rendered from the facility's template.", '/p10001/run-7')
  path!: string;
}

/** How Globus would copy. */
@ApiSchema({ name: 'CopyOptions' })
export class CopyOptionsDto implements CopyOptions {
  @ApiField('Whether Globus verifies checksums after copying.', true)
  verifyChecksum!: boolean;

  @ApiField('Whether files keep their modification times.', false)
  preserveTimestamp!: boolean;

  @ApiField('Whether Globus encrypts the data in transit.', false)
  encryptData!: boolean;

  @ApiField(
    'Which existing files are copied again: 0 none, 1 those that differ in size, 2 also those with an older modification time, 3 also those that differ in checksum. If absent, all of them.',
    1,
    { ...COUNT, maximum: 3 },
  )
  syncLevel?: number;

  @ApiField('Hours after which Globus gives up. If absent, Globus decides.', 72, OPTIONAL)
  deadlineHours?: number;
}

/** One rule, as it was applied. */
@ApiSchema({ name: 'AppliedRule' })
export class AppliedRuleDto {
  @ApiProperty({ enum: RULES, enumName: 'RuleName', example: 'source-access' })
  rule!: RuleName;

  @ApiField(
    'In a response with status 200, each rule is `passed` or `not-needed`. A rule that refuses is returned as an error instead.',
    'passed',
    { enum: RULE_OUTCOMES, enumName: 'RuleOutcome' },
  )
  outcome!: RuleOutcome;

  @ApiField('The facility that the rule belongs to.', 'EXAMPLE-SOURCE', OPTIONAL)
  facility?: string;

  @ApiField(
    'What was found, as a sentence.',
    '"EXAMPLE-SOURCE" is at profile.accessGroups of the SciCat account.',
  )
  message!: string;

  @ApiField(ACCESS_PATH, 'profile.accessGroups', OPTIONAL)
  accessPath?: string;

  @ApiField('The required values. One of them is enough.', ['EXAMPLE-SOURCE'], STRINGS)
  required?: readonly string[];

  @ApiField('The values found in your identity or in the dataset.', ['EXAMPLE-SOURCE'], STRINGS)
  found?: readonly string[];
}

/** Answer of `POST /transfer/preview`. */
@ApiSchema({ name: 'TransferPreview' })
export class TransferPreviewDto {
  @ApiProperty({ example: EXAMPLE_PID })
  datasetPid!: string;

  @ApiProperty()
  source!: PreviewedSideDto;

  @ApiProperty()
  destination!: PreviewedSideDto;

  @ApiProperty()
  copy!: CopyOptionsDto;

  @ApiField('Whether the dataset would be archived once its files have arrived.', true)
  autoArchive!: boolean;

  @ApiField(
    'Number of distinct files and folders in the file list. If absent, the whole dataset folder is transferred.',
    120,
    { ...COUNT, minimum: 1 },
  )
  listedFiles?: number;

  @ApiField(
    'All rules, in the order in which they were applied. The examples are shortened.',
    undefined,
    { type: [AppliedRuleDto] },
  )
  rules!: readonly AppliedRuleDto[];

  @ApiField(
    'Job of an identical transfer that is still open. POST /transfer would return this job and start nothing.',
    EXAMPLE_JOB,
    { ...OPTIONAL, format: 'uuid' },
  )
  openJobId?: string;

  @ApiField('Whether the transfer would have to wait before it is submitted to Globus.', false)
  wouldWait!: boolean;

  @ApiField('Why the transfer would wait.', WAITS_FOR, OPTIONAL)
  waitsFor?: string;
}

/** A response as the service gives it for the two facilities of the examples, but with fewer rules. */
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
  copy: { verifyChecksum: true, preserveTimestamp: false, encryptData: false },
  autoArchive: true,
  rules: [
    {
      rule: 'source-access',
      outcome: 'passed',
      facility: 'EXAMPLE-SOURCE',
      message: '"EXAMPLE-SOURCE" is at profile.accessGroups of the SciCat account.',
      accessPath: 'profile.accessGroups',
      required: ['EXAMPLE-SOURCE'],
      found: ['EXAMPLE-SOURCE'],
    },
    {
      rule: 'dataset-owner-group',
      outcome: 'passed',
      message: 'The dataset\'s owner group "p10001" is among the access groups.',
      required: ['p10001'],
      found: ['p10001'],
    },
    {
      rule: 'inside-root',
      outcome: 'passed',
      facility: 'EXAMPLE-SOURCE',
      message: '"/data/p10001/run-7" is inside the collection\'s root "/data".',
      required: ['/data'],
      found: ['/data/p10001/run-7'],
    },
  ],
  wouldWait: false,
} satisfies TransferPreviewDto;

/** Responses of `POST /transfer/preview` for the OpenAPI document. */
export const PREVIEW_EXAMPLES = {
  atOnce: { summary: 'Globus would be asked at once', value: STARTS_AT_ONCE },
  waits: {
    summary: 'The transfer would wait',
    value: { ...STARTS_AT_ONCE, wouldWait: true, waitsFor: WAITS_FOR },
  },
  open: {
    summary: 'An identical transfer of listed files is still open',
    value: { ...STARTS_AT_ONCE, listedFiles: 120, openJobId: EXAMPLE_JOB },
  },
} satisfies Readonly<Record<string, { summary: string; value: TransferPreviewDto }>>;

/** A preview as it goes over the wire. */
export function previewDto({ next, ...preview }: TransferPreview): TransferPreviewDto {
  const { listedFiles, source, destination, rules, ...rest } = preview;
  return {
    ...rest,
    source: sideDto(source),
    destination: sideDto(destination),
    ...(listedFiles === undefined ? {} : { listedFiles }),
    rules: rules.map(({ refusal: _refusal, ...rule }) => rule),
    ...nextDto(next),
  };
}

function sideDto({ facility, collection, path }: RecordedSide): PreviewedSideDto {
  return { facility, collection, path };
}

function nextDto(
  next: TransferPreview['next'],
): Pick<TransferPreviewDto, 'openJobId' | 'wouldWait' | 'waitsFor'> {
  switch (next.kind) {
    case 'repeats':
      return { openJobId: next.jobId, wouldWait: false };
    case 'starts':
      return next.slot ? { wouldWait: false } : { wouldWait: true, waitsFor: next.waitsFor };
  }
}
