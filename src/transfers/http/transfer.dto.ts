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

const LONGEST_TEXT = 4096;

/** Query of `POST /transfer`. */
export class PostTransferQuery {
  @ApiProperty({
    description: 'Name of the facility that holds the files.',
    example: 'EXAMPLE-SOURCE',
  })
  @IsString()
  @IsNotEmpty()
  @MaxLength(LONGEST_TEXT)
  sourceFacility!: string;

  @ApiProperty({
    description: 'Name of the facility that is to get the files.',
    example: 'EXAMPLE-ARCHIVE',
  })
  @IsString()
  @IsNotEmpty()
  @MaxLength(LONGEST_TEXT)
  destFacility!: string;

  @ApiProperty({
    description: 'PID of the dataset in SciCat.',
    example: '20.500.12345/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22',
  })
  @IsString()
  @IsNotEmpty()
  @MaxLength(LONGEST_TEXT)
  scicatPid!: string;

  @ApiPropertyOptional({
    description:
      "Absolute path of the Globus collection's root on the source facility, such as `/data`. May be empty, and may be left out where the facility has it configured or needs none.",
  })
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_TEXT)
  collectionRootPath?: string;

  @ApiPropertyOptional({
    type: Boolean,
    default: true,
    description: 'Whether the dataset is to be archived once its files have arrived.',
  })
  @IsOptional()
  @Transform(toBoolean)
  @IsBoolean()
  autoArchive?: boolean;
}

/** Query of `DELETE /transfer/{scicatJobId}`. */
export class DeleteTransferQuery {
  @ApiPropertyOptional({
    type: Boolean,
    default: false,
    description: "Also remove the job from SciCat, as soon as the transfer's end is known.",
  })
  @IsOptional()
  @Transform(toBoolean)
  @IsBoolean()
  delete?: boolean;
}

/** Query of `GET /transfer`. */
export class ListTransfersQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100_000, default: 1 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100_000)
  page?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 10 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  pageSize?: number;
}

/** One entry of the file list, for the OpenAPI document; read by hand, as lists are long. */
@ApiSchema({ name: 'FileToTransfer' })
export class FileToTransferDto {
  @ApiProperty({
    description:
      "Path of the file or folder, relative to the dataset's source folder, with `/` between segments; at most 4096 bytes of UTF-8.",
    example: 'raw/run-0001.h5',
  })
  path!: string;

  @ApiProperty({
    description: 'Whether this is a symbolic link, which is then copied as a link.',
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
      'The files to transfer. Left out or null: the whole dataset folder. An empty list is refused.',
  })
  fileList?: FileToTransferDto[] | null;
}

/** Answer of `POST /transfer`. */
export class PostTransferResponse {
  @ApiProperty({
    description: 'Id of the SciCat job that stands for the transfer.',
    example: '8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90',
  })
  jobId!: string;
}

/** A transfer as callers see it. */
@ApiSchema({ name: 'TransferItem' })
export class TransferItemDto implements TransferItem {
  @ApiProperty({
    description: 'Id of the SciCat job that stands for the transfer.',
    example: '8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90',
  })
  transferId!: string;

  @ApiProperty({ enum: ITEM_STATUSES, example: 'transferring' })
  status!: ItemStatus;

  @ApiPropertyOptional({
    description: 'What is going on, in words; why it waits, or why it failed.',
    example: 'transferring',
  })
  message?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, example: 734003200 })
  bytesTransferred?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    example: 2147483648,
    description: 'Size of the dataset by SciCat.',
  })
  bytesTotal?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, example: 41 })
  filesTransferred?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    example: 120,
    description: 'Files found so far; may grow while Globus goes through the folders.',
  })
  filesTotal?: number;

  @ApiPropertyOptional({ example: '20.500.12345/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22' })
  datasetPid?: string;

  @ApiPropertyOptional({
    description: 'The Globus task, once there is one: https://app.globus.org/activity/{id}',
    example: '1d8b0f2e-5f4c-11ef-9a3c-0242ac120002',
  })
  globusTaskId?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'How many transfers go before this one, while it waits.',
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
