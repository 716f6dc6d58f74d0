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
import {
  ApiField,
  COUNT,
  EXAMPLE_JOB,
  EXAMPLE_PID,
  NO_POINTER_IN_GO,
  OPTIONAL,
} from './api-field.js';
import { LONGEST_NOTE } from '../../domain/one-line.js';
import { ITEM_STATUSES, type ItemStatus, type TransferItem } from '../../domain/transfer-item.js';

/** The values that Go's `strconv.ParseBool` accepts, which clients of the Go version may send. */
const TRUE: readonly unknown[] = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE: readonly unknown[] = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

function toBoolean({ value }: { readonly value: unknown }): unknown {
  return TRUE.includes(value) ? true : FALSE.includes(value) ? false : value;
}

/** Limit for each parameter, in characters. */
export const MAX_LENGTH = 4096;

const SOURCE_FACILITY = ['Name of the facility to transfer from.', 'EXAMPLE-SOURCE'] as const;
const DEST_FACILITY = ['Name of the facility to transfer to.', 'EXAMPLE-ARCHIVE'] as const;
const SCICAT_PID = ['PID of the dataset in SciCat.', EXAMPLE_PID] as const;
const COLLECTION_ROOT =
  "Absolute path of the collection root on the source facility, such as `/data`. Leave it empty or omit it if the facility's root is configured or not needed.";
const AUTO_ARCHIVE = 'Whether to archive the dataset once its files have arrived.';

const NAME = { minLength: 1, maxLength: MAX_LENGTH };
const IN_QUERY = 'It may be sent in the body instead.';
const IN_BODY = 'An alternative to the query parameter of the same name.';

/**
 * Documented as required, although the body may state it instead: generated clients send it in the
 * query, and should not compile without it.
 */
function IsName(description: string, example: string): PropertyDecorator {
  return applyDecorators(
    MaxLength(MAX_LENGTH),
    IsNotEmpty(),
    IsString(),
    IsOptional(),
    ApiField(`${description} ${IN_QUERY}`, example, { ...NAME, required: true }),
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

/** Query of `POST /transfer`. What it leaves out, the body may state. */
export class PostTransferQuery {
  @IsName(...SOURCE_FACILITY)
  sourceFacility?: string;

  @IsName(...DEST_FACILITY)
  destFacility?: string;

  @IsName(...SCICAT_PID)
  scicatPid?: string;

  @ApiField(`${COLLECTION_ROOT} ${IN_QUERY}`, undefined, {
    ...OPTIONAL,
    ...NO_POINTER_IN_GO,
    maxLength: MAX_LENGTH,
  })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_LENGTH)
  collectionRootPath?: string;

  @IsOptionalFlag(`${AUTO_ARCHIVE} ${IN_QUERY}`, true)
  autoArchive?: boolean;
}

function IsReason(): PropertyDecorator {
  return applyDecorators(MaxLength(LONGEST_NOTE), IsString(), IsOptional());
}

function IsOptionalReason(description: string): PropertyDecorator {
  return applyDecorators(
    IsReason(),
    ApiField(description, 'The storage is full.', {
      ...OPTIONAL,
      minLength: 1,
      maxLength: LONGEST_NOTE,
    }),
  );
}

/** Query of `DELETE /transfer/{scicatJobId}`. */
export class DeleteTransferQuery {
  @IsOptionalFlag('Whether to remove the SciCat job as well.', false)
  delete?: boolean;

  /**
   * Not among the documented parameters, only in the text: the Ingestor's code sets those of a client
   * generated in Go by their position, and would not compile with one more.
   */
  @IsReason()
  reason?: string;
}

/** Query of `GET /transfer/{scicatJobId}`. */
export class GetTransferQuery {
  @IsOptionalReason(
    "Why an operator looks at somebody else's transfer, on one line, for the service's log.",
  )
  reason?: string;
}

/** Query of `GET /transfer`. */
export class ListTransfersQuery {
  @IsOptionalCount('Page to return. The first page is 1.', 1, 100_000)
  page?: number;

  @IsOptionalCount('Number of transfers per page.', 10, 100)
  pageSize?: number;

  @IsOptionalFlag("Whether to list everybody's transfers. For operators only.", false)
  all?: boolean;

  @IsOptionalReason(
    "Why an operator lists everybody's transfers, on one line, for the service's log.",
  )
  reason?: string;
}

/** Documentation only: file lists are parsed as a stream. */
@ApiSchema({ name: 'FileToTransfer' })
class FileToTransferDto {
  @ApiField(
    "Path of the file or folder relative to the dataset's source folder, with `/` as the separator. At most 4096 bytes in UTF-8.",
    'raw/run-0001.h5',
    { minLength: 1 },
  )
  path!: string;

  @ApiField(
    'Whether the file is a symbolic link. Links are copied as links; a list that contains a link is refused if one of the facilities does not accept links.',
    false,
  )
  isSymlink!: boolean;
}

/** Request body of `POST /transfer`, for documentation: `stateRequest` checks it. */
@ApiSchema({ name: 'TransferRequest' })
export class TransferRequestDto {
  @ApiField(
    'Files and folders to transfer. If omitted or null, the whole dataset folder is transferred. An empty list is an error.',
    undefined,
    { ...OPTIONAL, type: [FileToTransferDto], nullable: true },
  )
  fileList?: FileToTransferDto[] | null;

  @ApiField(`${SOURCE_FACILITY[0]} ${IN_BODY}`, SOURCE_FACILITY[1], { ...OPTIONAL, ...NAME })
  sourceFacility?: string;

  @ApiField(`${DEST_FACILITY[0]} ${IN_BODY}`, DEST_FACILITY[1], { ...OPTIONAL, ...NAME })
  destFacility?: string;

  @ApiField(`${SCICAT_PID[0]} ${IN_BODY}`, SCICAT_PID[1], { ...OPTIONAL, ...NAME })
  scicatPid?: string;

  @ApiField(`${COLLECTION_ROOT} ${IN_BODY}`, undefined, { ...OPTIONAL, maxLength: MAX_LENGTH })
  collectionRootPath?: string;

  @ApiField(`${AUTO_ARCHIVE} ${IN_BODY}`, undefined, { ...OPTIONAL, type: Boolean })
  autoArchive?: boolean;
}

/** Example request bodies of `POST /transfer`. */
export const REQUEST_EXAMPLES = {
  'whole dataset folder': { value: {} },
  'some files': {
    value: {
      fileList: [
        { path: 'raw/run-0001.h5', isSymlink: false },
        { path: 'raw/latest.h5', isSymlink: true },
      ],
    },
  },
  'parameters in the body': {
    value: {
      sourceFacility: SOURCE_FACILITY[1],
      destFacility: DEST_FACILITY[1],
      scicatPid: SCICAT_PID[1],
      autoArchive: false,
    },
  },
} satisfies Readonly<Record<string, { readonly value: TransferRequestDto }>>;

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
    "Bytes to copy. Until all are copied, this is an estimate based on the dataset's size in SciCat, always greater than `bytesTransferred`, and is absent if SciCat has no size or if a file list was requested, whose size is unknown. Afterwards, it equals `bytesTransferred`.",
    2147483648,
    COUNT,
  )
  bytesTotal?: number;

  @ApiField('Files copied or already in place so far.', 41, COUNT)
  filesTransferred?: number;

  @ApiField(
    'Files to copy. Until all are copied, this is an estimate, always greater than `filesTransferred`, that increases if Globus finds more files in folders. It is 0 while it is unknown. Afterwards, it equals `filesTransferred`, and so may be smaller than before. Links and folders do not count.',
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
