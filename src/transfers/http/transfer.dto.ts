import { applyDecorators } from '@nestjs/common';
import { ApiSchema } from '@nestjs/swagger';
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

/** The values that Go's `strconv.ParseBool` accepts, which clients of the Go version may send. */
const TRUE: readonly unknown[] = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE: readonly unknown[] = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

function toBoolean({ value }: { readonly value: unknown }): unknown {
  return TRUE.includes(value) ? true : FALSE.includes(value) ? false : value;
}

const MAX_LENGTH = 4096;

function IsName(description: string, example: string): PropertyDecorator {
  return applyDecorators(
    MaxLength(MAX_LENGTH),
    IsNotEmpty(),
    IsString(),
    ApiField(description, example),
  );
}

function IsOptionalFlag(description: string, standard: boolean): PropertyDecorator {
  return applyDecorators(
    IsBoolean(),
    Transform(toBoolean),
    IsOptional(),
    ApiField(description, undefined, { ...OPTIONAL, type: Boolean, default: standard }),
  );
}

function IsOptionalCount(
  description: string,
  standard: number,
  maximum: number,
): PropertyDecorator {
  return applyDecorators(
    Max(maximum),
    Min(1),
    IsInt(),
    Type(() => Number),
    IsOptional(),
    ApiField(description, undefined, { ...COUNT, minimum: 1, maximum, default: standard }),
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

  @ApiField(
    "Absolute path of the collection root on the source facility, such as `/data`. Leave it empty or omit it if the facility's root is configured or not needed.",
    undefined,
    OPTIONAL,
  )
  @IsOptional()
  @IsString()
  @MaxLength(MAX_LENGTH)
  collectionRootPath?: string;

  @IsOptionalFlag('Whether to archive the dataset once its files have arrived.', true)
  autoArchive?: boolean;
}

/** Query of `DELETE /transfer/{scicatJobId}`. */
export class DeleteTransferQuery {
  @IsOptionalFlag('Whether to remove the SciCat job as well.', false)
  delete?: boolean;
}

/** Query of `GET /transfer`. */
export class ListTransfersQuery {
  @IsOptionalCount('Page to return. The first page is 1.', 1, 100_000)
  page?: number;

  @IsOptionalCount('Number of transfers per page.', 10, 100)
  pageSize?: number;
}

/** Documentation only: file lists are parsed as a stream. */
@ApiSchema({ name: 'FileToTransfer' })
class FileToTransferDto {
  @ApiField(
    "Path of the file or folder relative to the dataset's source folder, with `/` as the separator. At most 4096 bytes in UTF-8.",
    'raw/run-0001.h5',
  )
  path!: string;

  @ApiField('Whether the file is a symbolic link. Links are copied as links.', false)
  isSymlink!: boolean;
}

/** Request body of `POST /transfer`, for documentation. */
@ApiSchema({ name: 'FileList' })
export class FileListDto {
  @ApiField(
    'Files and folders to transfer. If omitted or null, the whole dataset folder is transferred. An empty list is an error.',
    undefined,
    { ...OPTIONAL, type: [FileToTransferDto], nullable: true },
  )
  fileList?: FileToTransferDto[] | null;
}

/** Example request bodies of `POST /transfer`. */
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

/** Response of `POST /transfer`. */
export class PostTransferResponse {
  @ApiField('Id of the SciCat job that represents the transfer.', EXAMPLE_JOB)
  jobId!: string;
}

/** Response of `GET /transfer/{scicatJobId}`. */
@ApiSchema({ name: 'TransferItem' })
export class TransferItemDto implements TransferItem {
  @ApiField('Id of the SciCat job that represents the transfer.', EXAMPLE_JOB)
  transferId!: string;

  @ApiField('Status of the transfer.', 'transferring', { enum: ITEM_STATUSES })
  status!: ItemStatus;

  @ApiField(
    'Details about the status, such as why the transfer is waiting or why it failed.',
    'transferring',
    OPTIONAL,
  )
  message?: string;

  @ApiField('Bytes copied so far.', 734003200, COUNT)
  bytesTransferred?: number;

  @ApiField(
    'Bytes to copy. Until all are copied this is an estimate from the size of the dataset in SciCat, and absent if there is none; more than `bytesTransferred` until then, and equal to it afterwards.',
    2147483648,
    COUNT,
  )
  bytesTotal?: number;

  @ApiField('Files copied or already in place so far.', 41, COUNT)
  filesTransferred?: number;

  @ApiField(
    'Files to copy. Until all are copied this is an estimate, which increases if Globus finds more files in folders; more than `filesTransferred` until then, and equal to it afterwards. Links and folders do not count.',
    120,
    COUNT,
  )
  filesTotal?: number;

  @ApiField('PID of the dataset in SciCat.', EXAMPLE_PID, OPTIONAL)
  datasetPid?: string;

  @ApiField(
    'Id of the Globus task, once it exists. See https://app.globus.org/activity/{globusTaskId}.',
    '1d8b0f2e-5f4c-11ef-9a3c-0242ac120002',
    OPTIONAL,
  )
  globusTaskId?: string;

  @ApiField(
    'Number of transfers ahead of this one in the queue. Present only while it is waiting.',
    0,
    COUNT,
  )
  queuePosition?: number;
}

/** Response of `GET /transfer`. */
@ApiSchema({ name: 'TransferPage' })
export class TransferPageDto {
  @ApiField('Total number of transfers on all pages.', 1, { ...COUNT, required: true })
  total!: number;

  @ApiField('Transfers on this page.', undefined, { type: [TransferItemDto] })
  transfers!: readonly TransferItemDto[];
}
