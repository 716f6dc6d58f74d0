import type { RuleName } from '../application/request-rules.js';
import type { AppliedRuleDto, TransferPreviewDto } from './preview.dto.js';

/** An answer as the service gives it for the two facilities of the examples. */
const AT_ONCE = {
  datasetPid: '20.500.12345/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22',
  source: {
    facility: 'EXAMPLE-SOURCE',
    collection: '6c54cade-bde5-45c1-bdea-f4bd71dba2cc',
    path: '/p10001/run-7',
  },
  destination: {
    facility: 'EXAMPLE-ARCHIVE',
    collection: '31ce9ba0-176d-45a5-add3-f37d233ba47d',
    path: '/alice/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22',
  },
  copy: { verifyChecksum: true, preserveTimestamp: false, encryptData: false },
  autoArchive: true,
  rules: [
    passed(
      'source-facility',
      'Facility "EXAMPLE-SOURCE" may be the source of a transfer: its direction is SRC.',
      { facility: 'EXAMPLE-SOURCE' },
    ),
    passed(
      'destination-facility',
      'Facility "EXAMPLE-ARCHIVE" may be the destination of a transfer: its direction is DST.',
      { facility: 'EXAMPLE-ARCHIVE' },
    ),
    passed('source-access', '"EXAMPLE-SOURCE" is at profile.accessGroups of the SciCat account.', {
      facility: 'EXAMPLE-SOURCE',
      accessPath: 'profile.accessGroups',
      required: ['EXAMPLE-SOURCE'],
      found: ['EXAMPLE-SOURCE'],
    }),
    passed(
      'destination-access',
      '"EXAMPLE-ARCHIVE" is at profile.accessGroups of the SciCat account.',
      {
        facility: 'EXAMPLE-ARCHIVE',
        accessPath: 'profile.accessGroups',
        required: ['EXAMPLE-ARCHIVE'],
        found: ['EXAMPLE-ARCHIVE'],
      },
    ),
    passed('dataset-readable', 'SciCat lets this user read the dataset.'),
    passed(
      'dataset-owner-group',
      'The dataset\'s owner group "p10001" is among the access groups.',
      { required: ['p10001'], found: ['p10001'] },
    ),
    passed(
      'collection-root',
      'The collection\'s root is "/data", by the configuration of facility "EXAMPLE-SOURCE".',
      { facility: 'EXAMPLE-SOURCE', required: ['/data'], found: ['/data'] },
    ),
    passed(
      'pid',
      'The PID "20.500.12345/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22" can be part of a path.',
      {
        facility: 'EXAMPLE-SOURCE',
        found: ['20.500.12345/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22'],
      },
    ),
    passed(
      'source-folder',
      'The dataset\'s source folder "/data/p10001/run-7" is an absolute path.',
      { facility: 'EXAMPLE-SOURCE', found: ['/data/p10001/run-7'] },
    ),
    passed('inside-root', '"/data/p10001/run-7" is inside the collection\'s root "/data".', {
      facility: 'EXAMPLE-SOURCE',
      required: ['/data'],
      found: ['/data/p10001/run-7'],
    }),
    passed('user-name-in-path', 'The user name "alice" can be part of a path.', {
      facility: 'EXAMPLE-SOURCE',
      found: ['alice'],
    }),
    passed('owner-group-in-path', 'The owner group "p10001" can be part of a path.', {
      facility: 'EXAMPLE-SOURCE',
      found: ['p10001'],
    }),
    passed(
      'allowed-folders',
      '"/data/p10001/run-7" is inside "/data/p10001", which facility "EXAMPLE-SOURCE" allows.',
      { facility: 'EXAMPLE-SOURCE', required: ['/data/p10001'], found: ['/data/p10001/run-7'] },
    ),
    passed(
      'source-path',
      'The files are in "/p10001/run-7" of the collection of facility "EXAMPLE-SOURCE".',
      { facility: 'EXAMPLE-SOURCE', found: ['/p10001/run-7'] },
    ),
    passed(
      'destination-path',
      'The files go to "/alice/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22" of the collection of facility "EXAMPLE-ARCHIVE".',
      {
        facility: 'EXAMPLE-ARCHIVE',
        found: ['/alice/2f9e0b5c-6a51-4c3e-9d41-0f0c8e1b7a22'],
      },
    ),
  ],
  wouldWait: false,
} satisfies TransferPreviewDto;

/** Answers of `POST /transfer/preview` for the OpenAPI document. */
export const PREVIEW_EXAMPLES = {
  atOnce: { summary: 'Globus would be asked at once', value: AT_ONCE },
  waits: {
    summary: 'It would wait',
    value: {
      ...AT_ONCE,
      wouldWait: true,
      waitsFor: 'the service runs at most 10 at a time, and others were requested before',
    },
  },
  open: {
    summary: 'An equal transfer of listed files is open already',
    value: { ...AT_ONCE, listedFiles: 120, openJobId: '8f14e45f-ceea-467f-a9d8-3c1e5a7b2d90' },
  },
} satisfies Readonly<Record<string, { summary: string; value: TransferPreviewDto }>>;

function passed(
  rule: RuleName,
  message: string,
  facts: Pick<AppliedRuleDto, 'facility' | 'accessPath' | 'required' | 'found'> = {},
): AppliedRuleDto {
  return { rule, outcome: 'passed', message, ...facts };
}
