import { ApiBody } from '@nestjs/swagger';
import { FileListDto } from './transfer.dto.js';

/** Documents the body of a request for a transfer. */
export function ApiFileList(): MethodDecorator {
  return ApiBody({
    type: FileListDto,
    required: false,
    examples: {
      'whole dataset folder': { value: {} },
      'some files': {
        value: {
          fileList: [
            { path: 'raw/run-0001.h5', isSymlink: false },
            { path: 'raw/latest.h5', isSymlink: true },
          ],
        },
      },
    },
  });
}
