import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  type PipeTransform,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Authenticated, CurrentUser } from '../../auth/authenticated.decorator.js';
import type { Caller } from '../../auth/caller.js';
import { contextOf, logDataset, startReading } from '../../auth/request-context.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { isUuid } from '../../domain/identifiers.js';
import { DATASETS, type Datasets } from '../../ports/datasets.port.js';
import { CancelTransfer } from '../application/cancel-transfer.js';
import { LookUpTransfers } from '../application/look-up-transfers.js';
import { PreviewTransfer } from '../application/preview-transfer.js';
import type { TransferRequestOptions } from '../application/assess-request.js';
import { RequestTransfer } from '../application/request-transfer.js';
import { EXAMPLE_JOB } from './api-field.js';
import { ApiErrors } from './error-docs.js';
import { PREVIEW_EXAMPLES, previewDto, TransferPreviewDto } from './preview.dto.js';
import { RequestBody } from './request-body.js';
import { stateRequest } from './stated-request.js';
import {
  DeleteTransferQuery,
  GetTransferQuery,
  ListTransfersQuery,
  PostTransferQuery,
  PostTransferResponse,
  REQUEST_EXAMPLES,
  TransferItemDto,
  TransferPageDto,
  TransferRequestDto,
} from './transfer.dto.js';

const BODY = {
  type: TransferRequestDto,
  required: false,
  description:
    'Any query parameter may be sent here instead; if it is sent in both places, the values must be the same. Unknown keys are refused.',
  examples: REQUEST_EXAMPLES,
};
const JOB_ID = {
  name: 'scicatJobId',
  description: 'Job id returned by POST /transfer, a UUID.',
  // Not `format: uuid`, which makes Go clients convert it to a type of their own.
  schema: {
    type: 'string',
    minLength: 1,
    pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
  },
  example: EXAMPLE_JOB,
} as const;
/** A different string could be another route of SciCat. */
const jobIdPipe: PipeTransform<unknown, string> = {
  transform: (id) => {
    if (isUuid(id)) return id;
    throw new InvalidRequestError(
      'The id of a transfer must be a UUID, as returned by POST /transfer.',
    );
  },
};

/** Transfers of datasets between facilities. */
@ApiTags('transfer')
@Controller('transfer')
export class TransferController {
  constructor(
    private readonly requestTransfer: RequestTransfer,
    private readonly previewTransfer: PreviewTransfer,
    private readonly cancelTransfer: CancelTransfer,
    private readonly lookUpTransfers: LookUpTransfers,
    private readonly body: RequestBody,
    @Inject(DATASETS) private readonly datasets: Pick<Datasets, 'readAs'>,
  ) {}

  @Post()
  @HttpCode(200)
  @Authenticated({ readsDataset: true })
  @ApiOperation({
    operationId: 'PostTransferTask',
    summary: 'Request a transfer',
    description:
      'Copies a dataset, or some of its files, from one facility to another. Returns the id of a SciCat job that is updated until the transfer ends. Once accepted, a transfer is carried out even if Globus is temporarily down. If an identical transfer is still open, its job is returned instead of starting a new transfer.',
  })
  @ApiBody(BODY)
  @ApiOkResponse({ description: 'The transfer was accepted.', type: PostTransferResponse })
  @ApiErrors('BAD_REQUEST', 'UNAUTHENTICATED', 'FORBIDDEN', 'INTERNAL', 'UNAVAILABLE')
  async post(
    @CurrentUser() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Query() query: PostTransferQuery,
  ): Promise<PostTransferResponse> {
    const options = await this.optionsOf(caller, query, request, response);
    const jobId = await this.requestTransfer.execute(options);
    contextOf(request).facts.jobId = jobId;
    return { jobId };
  }

  @Get()
  @Authenticated()
  @ApiOperation({
    operationId: 'ListTransferTasks',
    summary: 'List your transfers',
    description:
      "Lists your transfers and those of datasets that your groups own, newest first. With `all=true`, operators list everybody's.",
  })
  @ApiOkResponse({ description: 'A page of transfers.', type: TransferPageDto })
  @ApiErrors('BAD_PARAMETER', 'UNAUTHENTICATED', 'FORBIDDEN_LIST', 'INTERNAL', 'SCICAT_UNAVAILABLE')
  async list(
    @CurrentUser() caller: Caller,
    @Query() { page = 1, pageSize = 10, all = false, reason }: ListTransfersQuery,
  ): Promise<TransferPageDto> {
    return all
      ? this.lookUpTransfers.listAll(caller, page, pageSize, reason)
      : this.lookUpTransfers.list(caller, page, pageSize);
  }

  @Get(':scicatJobId')
  @Authenticated()
  @ApiOperation({
    operationId: 'GetTransferTask',
    summary: 'Get a transfer',
    description:
      'Returns the status and progress of a transfer that is yours, or whose dataset belongs to one of your groups. Operators may look at any transfer.',
  })
  @ApiParam(JOB_ID)
  @ApiOkResponse({ description: 'The current state of the transfer.', type: TransferItemDto })
  @ApiErrors(
    'BAD_ID',
    'UNAUTHENTICATED',
    'FORBIDDEN_JOB',
    'JOB_NOT_FOUND',
    'INTERNAL',
    'SCICAT_UNAVAILABLE',
  )
  async get(
    @CurrentUser() caller: Caller,
    @Param('scicatJobId', jobIdPipe) jobId: string,
    @Query() { reason }: GetTransferQuery,
  ): Promise<TransferItemDto> {
    return this.lookUpTransfers.one(caller, jobId, reason);
  }

  @Delete(':scicatJobId')
  @HttpCode(200)
  @Authenticated()
  @ApiOperation({
    operationId: 'DeleteTransferTask',
    summary: 'Cancel a transfer',
    description:
      'Cancels a transfer that has not ended. With `delete=true`, its SciCat job is removed too: immediately if the transfer has already ended, otherwise once it ends. The response does not wait for Globus: a transfer that completes before Globus receives the cancellation still ends as `finished`. Operators may cancel any transfer; to cancel that of somebody else, they must also send the query parameter `reason`, with at most 300 characters on one line. It is shown in the job, and logged.',
  })
  @ApiParam(JOB_ID)
  @ApiOkResponse({ description: 'The request was accepted. The response has no body.' })
  @ApiErrors('NOT_CANCELLABLE', 'UNAUTHENTICATED', 'FORBIDDEN_JOB', 'CANCEL_UNAVAILABLE')
  async delete(
    @CurrentUser() caller: Caller,
    @Param('scicatJobId', jobIdPipe) jobId: string,
    @Query() query: DeleteTransferQuery,
  ): Promise<void> {
    await this.cancelTransfer.execute(caller, jobId, query.delete ?? false, query.reason);
  }

  @Post('preview')
  @HttpCode(200)
  @Authenticated({ readsDataset: true })
  @ApiOperation({
    operationId: 'PreviewTransferTask',
    summary: 'Preview a transfer',
    description:
      'Accepts the same parameters, applies the same rules and returns the same errors as POST /transfer, but has no effect: it creates no job, takes no place in the queue and does not call Globus. A preview therefore does not show whether Globus would accept the transfer. Whether the transfer would wait can change at any time.',
  })
  @ApiBody(BODY)
  @ApiOkResponse({
    description: 'The transfer is allowed.',
    type: TransferPreviewDto,
    examples: PREVIEW_EXAMPLES,
  })
  @ApiErrors('BAD_PREVIEW_REQUEST', 'UNAUTHENTICATED', 'FORBIDDEN', 'INTERNAL', 'UNAVAILABLE')
  async preview(
    @CurrentUser() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Query() query: PostTransferQuery,
  ): Promise<TransferPreviewDto> {
    const options = await this.optionsOf(caller, query, request, response);
    return previewDto(await this.previewTransfer.execute(options));
  }

  private async optionsOf(
    requester: Caller,
    query: PostTransferQuery,
    request: Request,
    response: Response,
  ): Promise<TransferRequestOptions> {
    const stated = await stateRequest(query, () => this.body.read(request, response));
    const { scicatPid } = stated.parameters;
    const context = contextOf(request);
    logDataset(context, scicatPid);
    const dataset = startReading(context, this.datasets, requester.token, scicatPid);
    return { requester, dataset, ...stated };
  }
}
