import { Controller, Delete, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Authenticated } from '../../auth/authenticated.decorator.js';
import type { Caller } from '../../auth/caller.js';
import { CurrentUser } from '../../auth/current-user.decorator.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { noteForLog } from '../../logging/request-facts.js';
import { CancelTransfer } from '../application/cancel-transfer.js';
import { LookUpTransfers } from '../application/look-up-transfers.js';
import { RequestTransfer } from '../application/request-transfer.js';
import { AuthenticatedWithDataset } from './authenticated-with-dataset.decorator.js';
import { prefetchedDataset } from './dataset-prefetch.guard.js';
import { ApiErrors } from './error-docs.decorator.js';
import { FileListBody } from './file-list-body.js';
import { ApiFileList } from './file-list-docs.decorator.js';
import { JobIdPipe } from './job-id.pipe.js';
import {
  DeleteTransferQuery,
  ListTransfersQuery,
  PostTransferQuery,
  PostTransferResponse,
  TransferItemDto,
  TransferPageDto,
} from './transfer.dto.js';
import {
  BAD_REQUEST,
  CANCEL_UNAVAILABLE,
  FORBIDDEN,
  FORBIDDEN_JOB,
  INTERNAL,
  NO_SUCH_JOB,
  NO_SUCH_OPEN_JOB,
  UNAUTHENTICATED,
  UNAVAILABLE,
} from './transfer-errors.docs.js';

/** Transfers of datasets between facilities. */
@ApiTags('transfer')
@Controller('transfer')
export class TransferController {
  constructor(
    private readonly requestTransfer: RequestTransfer,
    private readonly cancelTransfer: CancelTransfer,
    private readonly lookUpTransfers: LookUpTransfers,
    private readonly fileListBody: FileListBody,
  ) {}

  @Post()
  @HttpCode(200)
  @AuthenticatedWithDataset()
  @ApiOperation({
    operationId: 'PostTransferTask',
    summary: 'Request the transfer of a dataset',
    description:
      'Moves a dataset, or some of its files, from one facility to another. The answer is the id of a SciCat job that is kept up to date until the transfer has ended. What was answered with 200 is carried out, even if Globus is down at the moment: it then waits. Asking again for a transfer that is still open answers with the same job.',
  })
  @ApiFileList()
  @ApiOkResponse({ description: 'The transfer was accepted.', type: PostTransferResponse })
  @ApiErrors(BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, INTERNAL, UNAVAILABLE)
  async post(
    @CurrentUser() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Query() query: PostTransferQuery,
  ): Promise<PostTransferResponse> {
    const dataset = prefetchedDataset(request);
    if (dataset === undefined) throw new InvalidRequestError('scicatPid is missing.');
    const { autoArchive = true, ...wish } = query;
    const jobId = await this.requestTransfer.execute({
      requester: caller,
      dataset,
      parameters: { ...wish, autoArchive },
      files: () => this.fileListBody.read(request, response),
    });
    noteForLog(request, { jobId });
    return { jobId };
  }

  @Get()
  @Authenticated()
  @ApiOperation({
    operationId: 'ListTransferTasks',
    summary: 'List your transfers',
    description: 'Transfers that you, or somebody in one of your groups, asked for; newest first.',
  })
  @ApiOkResponse({ description: 'One page of transfers.', type: TransferPageDto })
  @ApiErrors(BAD_REQUEST, UNAUTHENTICATED, INTERNAL, UNAVAILABLE)
  async list(
    @CurrentUser() caller: Caller,
    @Query() { page = 1, pageSize = 10 }: ListTransfersQuery,
  ): Promise<TransferPageDto> {
    return this.lookUpTransfers.list(caller, page, pageSize);
  }

  @Get(':scicatJobId')
  @Authenticated()
  @ApiOperation({ operationId: 'GetTransferTask', summary: 'Look at one transfer' })
  @ApiParam({ name: 'scicatJobId', format: 'uuid', description: 'As POST /transfer answered it.' })
  @ApiOkResponse({ description: 'The transfer as it stands now.', type: TransferItemDto })
  @ApiErrors(BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN_JOB, NO_SUCH_JOB, INTERNAL, UNAVAILABLE)
  async get(
    @CurrentUser() caller: Caller,
    @Param('scicatJobId', JobIdPipe) jobId: string,
  ): Promise<TransferItemDto> {
    return this.lookUpTransfers.one(caller, jobId);
  }

  @Delete(':scicatJobId')
  @HttpCode(200)
  @Authenticated()
  @ApiOperation({
    operationId: 'DeleteTransferTask',
    summary: 'Cancel a transfer',
    description:
      'Cancels a transfer that has not ended. With delete=true its SciCat job is removed, too, ended or not. The answer does not wait for Globus: a transfer that was complete before Globus heard of the cancel is finished all the same.',
  })
  @ApiParam({ name: 'scicatJobId', format: 'uuid', description: 'As POST /transfer answered it.' })
  @ApiOkResponse({ description: 'The wish is noted and will be carried out. No body.' })
  @ApiErrors(NO_SUCH_OPEN_JOB, UNAUTHENTICATED, FORBIDDEN_JOB, CANCEL_UNAVAILABLE)
  async delete(
    @CurrentUser() caller: Caller,
    @Param('scicatJobId', JobIdPipe) jobId: string,
    @Query() query: DeleteTransferQuery,
  ): Promise<void> {
    await this.cancelTransfer.execute(caller, jobId, query.delete ?? false);
  }
}
