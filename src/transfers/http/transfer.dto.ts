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
import { ApiField, COUNT, EXAMPLE_JOB, EXAMPLE_PID, OPTIONAL } from './api-field.js';
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
  @ApiField(
    "Path of the file or folder, relative to the dataset's source folder, with `/` between segments. At most 4096 bytes of UTF-8.",
    'raw/run-0001.h5',
  )
  path!: string;

  @ApiField('Whether this is a symbolic link. Links are copied as links.', false)
  isSymlink!: boolean;
}

/** Body of `POST /transfer`, for the OpenAPI document. */
@ApiSchema({ name: 'FileList' })
export class FileListDto {
  @ApiField(
    'The files to transfer. If omitted or null, the whole dataset folder is transferred. An empty list is refused.',
    undefined,
    { ...OPTIONAL, type: [FileToTransferDto], nullable: true },
  )
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
  @ApiField('Id of the SciCat job of the transfer.', EXAMPLE_JOB)
  jobId!: string;
}

/** A transfer as callers see it. */
@ApiSchema({ name: 'TransferItem' })
export class TransferItemDto implements TransferItem {
  @ApiField('Id of the SciCat job of the transfer.', EXAMPLE_JOB)
  transferId!: string;

  @ApiProperty({ enum: ITEM_STATUSES, example: 'transferring' })
  status!: ItemStatus;

  @ApiField(
    'The state in words, such as why the transfer waits or why it failed.',
    'transferring',
    OPTIONAL,
  )
  message?: string;

  @ApiProperty({ ...COUNT, example: 734003200 })
  bytesTransferred?: number;

  @ApiField('Size of the dataset according to SciCat.', 2147483648, COUNT)
  bytesTotal?: number;

  @ApiProperty({ ...COUNT, example: 41 })
  filesTransferred?: number;

  @ApiField('Files found so far. Grows while Globus scans the folders.', 120, COUNT)
  filesTotal?: number;

  @ApiPropertyOptional({ example: EXAMPLE_PID })
  datasetPid?: string;

  @ApiField(
    'The Globus task, once it exists: https://app.globus.org/activity/{id}',
    '1d8b0f2e-5f4c-11ef-9a3c-0242ac120002',
    OPTIONAL,
  )
  globusTaskId?: string;

  @ApiField('How many transfers are ahead of this one while it waits.', 0, COUNT)
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
