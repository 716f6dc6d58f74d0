import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { TransferPreview } from '../application/preview-transfer.js';
import {
  type AppliedRule,
  RULE_OUTCOMES,
  type RuleName,
  type RuleOutcome,
  RULES,
} from '../../facilities/request-rules.js';
import type { CopyOptions, RecordedSide } from '../../domain/transfer-record.js';

/** One side of a previewed transfer. */
@ApiSchema({ name: 'PreviewedSide' })
export class PreviewedSideDto {
  @ApiProperty({ description: 'Name of the facility.', example: 'EXAMPLE-SOURCE' })
  facility!: string;

  @ApiProperty({
    format: 'uuid',
    description: 'Globus collection of the facility.',
    example: '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
  })
  collection!: string;

  @ApiProperty({
    description: "The folder in the collection, rendered from the facility's template.",
    example: '/p10001/run-7',
  })
  path!: string;
}

/** How Globus would copy. */
@ApiSchema({ name: 'CopyOptions' })
export class CopyOptionsDto implements CopyOptions {
  @ApiProperty({ description: 'Whether Globus verifies checksums after copying.', example: true })
  verifyChecksum!: boolean;

  @ApiProperty({ description: 'Whether files keep their modification times.', example: false })
  preserveTimestamp!: boolean;

  @ApiProperty({ description: 'Whether Globus encrypts the data in transit.', example: false })
  encryptData!: boolean;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 3,
    description:
      'Which existing files are copied again: 0 none, 1 those that differ in size, 2 also those with an older modification time, 3 also those that differ in checksum. If absent, all of them.',
    example: 1,
  })
  syncLevel?: number;

  @ApiPropertyOptional({
    description: 'Hours after which Globus gives up. If absent, Globus decides.',
    example: 72,
  })
  deadlineHours?: number;
}

/** One rule, as it was applied. */
@ApiSchema({ name: 'AppliedRule' })
export class AppliedRuleDto {
  @ApiProperty({ enum: RULES, enumName: 'RuleName', example: 'source-access' })
  rule!: RuleName;

  @ApiProperty({
    enum: RULE_OUTCOMES,
    enumName: 'RuleOutcome',
    description:
      'In a response with status 200, each rule is `passed` or `not-needed`. A rule that refuses is returned as an error instead.',
    example: 'passed',
  })
  outcome!: RuleOutcome;

  @ApiPropertyOptional({
    description: 'The facility that the rule belongs to.',
    example: 'EXAMPLE-SOURCE',
  })
  facility?: string;

  @ApiProperty({
    description: 'What was found, as a sentence.',
    example: '"EXAMPLE-SOURCE" is at profile.accessGroups of the SciCat account.',
  })
  message!: string;

  @ApiPropertyOptional({
    description: 'Dot path in your identity document where access is checked.',
    example: 'profile.accessGroups',
  })
  accessPath?: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'The required values. One of them is enough.',
    example: ['EXAMPLE-SOURCE'],
  })
  required?: readonly string[];

  @ApiPropertyOptional({
    type: [String],
    description: 'The values found in your identity or in the dataset.',
    example: ['EXAMPLE-SOURCE'],
  })
  found?: readonly string[];
}

/** Answer of `POST /transfer/preview`. */
@ApiSchema({ name: 'TransferPreview' })
export class TransferPreviewDto {
  @ApiProperty({ example: '20.500.12345/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22' })
  datasetPid!: string;

  @ApiProperty()
  source!: PreviewedSideDto;

  @ApiProperty()
  destination!: PreviewedSideDto;

  @ApiProperty()
  copy!: CopyOptionsDto;

  @ApiProperty({
    description: 'Whether the dataset would be archived once its files have arrived.',
    example: true,
  })
  autoArchive!: boolean;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    description:
      'Number of distinct files and folders in the file list. If absent, the whole dataset folder is transferred.',
    example: 120,
  })
  listedFiles?: number;

  @ApiProperty({
    type: [AppliedRuleDto],
    description: 'All rules, in the order in which they were applied. The examples are shortened.',
  })
  rules!: readonly AppliedRuleDto[];

  @ApiPropertyOptional({
    format: 'uuid',
    description:
      'Job of an identical transfer that is still open. POST /transfer would return this job and start nothing.',
    example: '8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90',
  })
  openJobId?: string;

  @ApiProperty({
    description: 'Whether the transfer would have to wait before it is submitted to Globus.',
    example: false,
  })
  wouldWait!: boolean;

  @ApiPropertyOptional({
    description: 'Why the transfer would wait.',
    example: 'the service runs at most 10 at a time, and others were asked for before',
  })
  waitsFor?: string;
}

/** A response as the service gives it for the two facilities of the examples, but with fewer rules. */
const STARTS_AT_ONCE: TransferPreviewDto = {
  datasetPid: '20.500.12345/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22',
  source: {
    facility: 'EXAMPLE-SOURCE',
    collection: '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
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
};

/** Responses of `POST /transfer/preview` for the OpenAPI document. */
export const PREVIEW_EXAMPLES = {
  atOnce: { summary: 'Globus would be asked at once', value: STARTS_AT_ONCE },
  waits: {
    summary: 'The transfer would wait',
    value: {
      ...STARTS_AT_ONCE,
      wouldWait: true,
      waitsFor: 'the service runs at most 10 at a time, and others were asked for before',
    },
  },
  open: {
    summary: 'An identical transfer of listed files is still open',
    value: {
      ...STARTS_AT_ONCE,
      listedFiles: 120,
      openJobId: '8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90',
    },
  },
} satisfies Readonly<Record<string, { summary: string; value: TransferPreviewDto }>>;

/** A preview as it goes over the wire. */
export function previewDto(preview: TransferPreview): TransferPreviewDto {
  const { datasetPid, copy, autoArchive, listedFiles, next } = preview;
  return {
    datasetPid,
    source: sideDto(preview.source),
    destination: sideDto(preview.destination),
    copy,
    autoArchive,
    ...(listedFiles === undefined ? {} : { listedFiles }),
    rules: preview.rules.map(ruleDto),
    ...nextDto(next),
  };
}

function sideDto({ facility, collection, path }: RecordedSide): PreviewedSideDto {
  return { facility, collection, path };
}

function ruleDto({ refusal: _refusal, ...rule }: AppliedRule): AppliedRuleDto {
  return rule;
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
