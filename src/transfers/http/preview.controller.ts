import { Controller, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Caller } from '../../auth/caller.js';
import { CurrentUser } from '../../auth/current-user.decorator.js';
import { InvalidRequestError } from '../../errors/request.errors.js';
import { PreviewTransfer } from '../application/preview-transfer.js';
import { AuthenticatedWithDataset } from './authenticated-with-dataset.decorator.js';
import { prefetchedDataset } from './dataset-prefetch.guard.js';
import { ApiErrors } from './error-docs.decorator.js';
import { FileListBody } from './file-list-body.js';
import { ApiFileList } from './file-list-docs.decorator.js';
import { PREVIEW_EXAMPLES } from './preview.docs.js';
import { previewDto, TransferPreviewDto } from './preview.dto.js';
import { PostTransferQuery } from './transfer.dto.js';
import {
  BAD_PREVIEW_REQUEST,
  FORBIDDEN,
  INTERNAL,
  UNAUTHENTICATED,
  UNAVAILABLE,
} from './transfer-errors.docs.js';

/** What a transfer would be. */
@ApiTags('transfer')
@Controller('transfer/preview')
export class PreviewController {
  constructor(
    private readonly previewTransfer: PreviewTransfer,
    private readonly fileListBody: FileListBody,
  ) {}

  @Post()
  @HttpCode(200)
  @AuthenticatedWithDataset()
  @ApiOperation({
    operationId: 'PreviewTransferTask',
    summary: 'See what a transfer would be, without requesting it',
    description:
      'Takes what POST /transfer takes, applies the same rules, and answers with the same errors, but does nothing: no job is made, no place is taken, and Globus is not asked. So it does not tell whether Globus would refuse. What it says holds for now; whether the transfer would wait may be different a moment later.',
  })
  @ApiFileList()
  @ApiOkResponse({
    description: 'The transfer is allowed.',
    type: TransferPreviewDto,
    examples: PREVIEW_EXAMPLES,
  })
  @ApiErrors(BAD_PREVIEW_REQUEST, UNAUTHENTICATED, FORBIDDEN, INTERNAL, UNAVAILABLE)
  async preview(
    @CurrentUser() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Query() query: PostTransferQuery,
  ): Promise<TransferPreviewDto> {
    const dataset = prefetchedDataset(request);
    if (dataset === undefined) throw new InvalidRequestError('scicatPid is missing.');
    const { autoArchive = true, ...wish } = query;
    return previewDto(
      await this.previewTransfer.execute({
        requester: caller,
        dataset,
        parameters: { ...wish, autoArchive },
        files: () => this.fileListBody.read(request, response),
      }),
    );
  }
}
