import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { TransferPreview } from '../application/preview-transfer.js';
import {
  type AppliedRule,
  RULE_OUTCOMES,
  type RuleName,
  type RuleOutcome,
  RULES,
} from '../application/request-rules.js';
import type { CopyOptions, RecordedSide } from '../../domain/transfer-record.js';

/** One side of a previewed transfer. */
@ApiSchema({ name: 'PreviewedSide' })
export class PreviewedSideDto {
  @ApiProperty({ description: 'Name of the facility.', example: 'EXAMPLE-SOURCE' })
  facility!: string;

  @ApiProperty({
    format: 'uuid',
    description: 'Its Globus collection.',
    example: '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
  })
  collection!: string;

  @ApiProperty({
    description: "The folder in the collection, worked out by the facility's template.",
    example: '/p10001/run-7',
  })
  path!: string;
}

/** How Globus would copy. */
@ApiSchema({ name: 'CopyOptions' })
export class CopyOptionsDto implements CopyOptions {
  @ApiProperty({ description: 'Whether Globus compares checksums after copying.', example: true })
  verifyChecksum!: boolean;

  @ApiProperty({ description: 'Whether files keep their times.', example: false })
  preserveTimestamp!: boolean;

  @ApiProperty({ description: 'Whether Globus encrypts the data on their way.', example: false })
  encryptData!: boolean;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 3,
    description:
      'Which existing files are copied again: 0 none, 1 those that differ in size, 2 also those with an older time, 3 also those that differ in checksum. Absent: all of them.',
    example: 1,
  })
  syncLevel?: number;

  @ApiPropertyOptional({
    description: 'Hours after which Globus gives up. Absent: Globus decides.',
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
      'In an answer with status 200 each rule is passed or not-needed; a rule that refuses is the error that is answered instead.',
    example: 'passed',
  })
  outcome!: RuleOutcome;

  @ApiPropertyOptional({
    description: 'The facility whose rule it is.',
    example: 'EXAMPLE-SOURCE',
  })
  facility?: string;

  @ApiProperty({
    description: 'What was found: a sentence for people.',
    example: '"EXAMPLE-SOURCE" is at profile.accessGroups of the SciCat account.',
  })
  message!: string;

  @ApiPropertyOptional({
    description: "Where in your SciCat identity document was looked, names separated by '.'.",
    example: 'profile.accessGroups',
  })
  accessPath?: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'What had to be found; one of several is enough.',
    example: ['EXAMPLE-SOURCE'],
  })
  required?: readonly string[];

  @ApiPropertyOptional({
    type: [String],
    description: 'What was found, of you or of the dataset.',
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
    description: 'Files and folders listed, each once. Absent: the whole dataset folder.',
    example: 120,
  })
  listedFiles?: number;

  @ApiProperty({
    type: [AppliedRuleDto],
    description: 'All rules, in the order in which they were applied.',
  })
  rules!: readonly AppliedRuleDto[];

  @ApiPropertyOptional({
    format: 'uuid',
    description:
      'An equal transfer is open already: POST /transfer would answer with this job and start nothing.',
    example: '8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90',
  })
  openJobId?: string;

  @ApiProperty({
    description: 'Whether the transfer would have to wait before Globus is asked.',
    example: false,
  })
  wouldWait!: boolean;

  @ApiPropertyOptional({
    description: 'Why it would wait.',
    example: 'the service runs at most 10 at a time, and others were requested before',
  })
  waitsFor?: string;
}

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
