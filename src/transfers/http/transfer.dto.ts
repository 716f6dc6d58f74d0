import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { ITEM_STATUSES, type ItemStatus, type TransferItem } from '../../domain/transfer-item.js';

/** What Go's `strconv.ParseBool` takes: clients of the Go version may send any of these. */
const TRUE_WORDS = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE_WORDS = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

function toBoolean({ value }: { readonly value: unknown }): unknown {
  if (TRUE_WORDS.some((word) => word === value)) return true;
  if (FALSE_WORDS.some((word) => word === value)) return false;
  return value;
}

const MAX_LENGTH = 4096;
const EXAMPLE_PID = '20.500.12345/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22';
const JOB_ID = {
  description: 'Id of the SciCat job of the transfer.',
  example: '8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90',
};

/** A name or an id that a request has to state. */
function IsName(description: string, example: string): PropertyDecorator {
  return applyDecorators(
    MaxLength(MAX_LENGTH),
    IsNotEmpty(),
    IsString(),
    ApiProperty({ description, example }),
  );
}

function IsOptionalFlag(description: string, standard: boolean): PropertyDecorator {
  return applyDecorators(
    IsBoolean(),
    Transform(toBoolean),
    IsOptional(),
    ApiPropertyOptional({ type: Boolean, default: standard, description }),
  );
}

function IsOptionalCount(standard: number, maximum: number): PropertyDecorator {
  return applyDecorators(
    Max(maximum),
    Min(1),
    IsInt(),
    Type(() => Number),
    IsOptional(),
    ApiPropertyOptional({ type: 'integer', minimum: 1, maximum, default: standard }),
  );
}

/** Query of `POST /transfer`. */
export class PostTransferQuery {
  @IsName('Name of the facility to transfer from.', 'EXAMPLE-SOURCE')
  sourceFacility!: string;

  @IsName('Name of the facility to transfer to.', 'EXAMPLE-ARCHIVE')
  destFacility!: string;

  @IsName('PID of the dataset in SciCat.', EXAMPLE_PID)
  scicatPid!: string;

  @ApiPropertyOptional({
    description:
      "Absolute path of the Globus collection's root on the source facility, such as `/data`. Can be empty, and can be omitted if the facility has it configured or does not need it.",
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_LENGTH)
  collectionRootPath?: string;

  @IsOptionalFlag('Whether to archive the dataset once its files have arrived.', true)
  autoArchive?: boolean;
}

/** Query of `DELETE /transfer/{scicatJobId}`. */
export class DeleteTransferQuery {
  @IsOptionalFlag('Also remove the job from SciCat once the transfer has ended.', false)
  delete?: boolean;
}

/** Query of `GET /transfer`. */
export class ListTransfersQuery {
  @IsOptionalCount(1, 100_000)
  page?: number;

  @IsOptionalCount(10, 100)
  pageSize?: number;
}

/** One entry of the file list, for the OpenAPI document only: lists are long and read as a stream. */
@ApiSchema({ name: 'FileToTransfer' })
export class FileToTransferDto {
  @ApiProperty({
    description:
      "Path of the file or folder, relative to the dataset's source folder, with `/` between segments. At most 4096 bytes of UTF-8.",
    example: 'raw/run-0001.h5',
  })
  path!: string;

  @ApiProperty({
    description: 'Whether this is a symbolic link. Links are copied as links.',
    example: false,
  })
  isSymlink!: boolean;
}

/** Body of `POST /transfer`, for the OpenAPI document. */
@ApiSchema({ name: 'FileList' })
export class FileListDto {
  @ApiPropertyOptional({
    type: [FileToTransferDto],
    nullable: true,
    description:
      'The files to transfer. If omitted or null, the whole dataset folder is transferred. An empty list is refused.',
  })
  fileList?: FileToTransferDto[] | null;
}

/** Bodies of `POST /transfer`, for the OpenAPI document. */
export const FILE_LIST_EXAMPLES = {
  'whole dataset folder': { value: {} },
  'some files': {
    value: {
      fileList: [
        { path: 'raw/run-0001.h5', isSymlink: false },
        { path: 'raw/latest.h5', isSymlink: true },
      ],
    },
  },
} satisfies Readonly<Record<string, { readonly value: FileListDto }>>;

/** Answer of `POST /transfer`. */
export class PostTransferResponse {
  @ApiProperty(JOB_ID)
  jobId!: string;
}

/** A transfer as callers see it. */
@ApiSchema({ name: 'TransferItem' })
export class TransferItemDto implements TransferItem {
  @ApiProperty(JOB_ID)
  transferId!: string;

  @ApiProperty({ enum: ITEM_STATUSES, example: 'transferring' })
  status!: ItemStatus;

  @ApiPropertyOptional({
    description: 'The state in words, such as why the transfer waits or why it failed.',
    example: 'transferring',
  })
  message?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, example: 734003200 })
  bytesTransferred?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    example: 2147483648,
    description: 'Size of the dataset according to SciCat.',
  })
  bytesTotal?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, example: 41 })
  filesTransferred?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    example: 120,
    description: 'Files found so far. Grows while Globus scans the folders.',
  })
  filesTotal?: number;

  @ApiPropertyOptional({ example: EXAMPLE_PID })
  datasetPid?: string;

  @ApiPropertyOptional({
    description: 'The Globus task, once it exists: https://app.globus.org/activity/{id}',
    example: '1d8b0f2e-5f4c-11ef-9a3c-0242ac120002',
  })
  globusTaskId?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'How many transfers are ahead of this one while it waits.',
    example: 0,
  })
  queuePosition?: number;
}

/** Answer of `GET /transfer`. */
@ApiSchema({ name: 'TransferPage' })
export class TransferPageDto {
  @ApiProperty({ type: 'integer', minimum: 0, example: 1 })
  total!: number;

  @ApiProperty({ type: [TransferItemDto] })
  transfers!: readonly TransferItemDto[];
}
