import {
  bytesText,
  counted,
  durationText,
  oneLine,
  type Painter,
  painter,
} from '../common/text.js';
import type { EndRequest } from '../../domain/transfer.js';
import type { OpenTransferView } from './open-transfer.js';

const COLOURS = {
  waiting: 'yellow',
  transferring: 'green',
  finalizing: 'green',
  finished: 'gray',
  failed: 'red',
  cancelled: 'gray',
  'left-alone': 'gray',
} as const satisfies Record<OpenTransferView['state'], string>;

/** Messages that add nothing to the state. */
const NO_NEWS = ['transferring', 'transferred, marking the dataset as archivable'];

/** Open transfers for people, ending in a line break. */
export function transfersText(transfers: readonly OpenTransferView[], colours: boolean): string {
  const painted = painter(colours);
  const blocks = [[summary(transfers)], ...transfers.map((one) => blockOf(one, painted))];
  return blocks.map((lines) => lines.map((line) => `${line}\n`).join('')).join('\n');
}

function summary(transfers: readonly OpenTransferView[]): string {
  if (transfers.length === 0) return 'No open transfers.';
  const states = transfers.map(({ state }) => state);
  const counts = [...new Set(states)].map(
    (state) => `${states.filter((one) => one === state).length} ${state}`,
  );
  return `${counted(transfers.length, 'open transfer')}: ${counts.join(', ')}`;
}

function blockOf(transfer: OpenTransferView, painted: Painter): readonly string[] {
  const { state, message, endRequested, source, destination } = transfer;
  const details = [
    ...(NO_NEWS.includes(message) ? [] : [message]),
    ...(endRequested === null ? [] : [endText(endRequested)]),
    ...(source === null || destination === null
      ? []
      : [`${source.facility} ${source.path} → ${destination.facility} ${destination.path}`]),
    ...(state === 'left-alone' ? [] : [progressText(transfer)]),
    idsText(transfer),
  ];
  return [
    `${painted(COLOURS[state], state)}${oneLine(headOf(transfer))}`,
    ...details.map((detail) => `  ${oneLine(detail)}`),
  ];
}

function endText({ reason, by, at }: EndRequest): string {
  switch (reason) {
    case 'user':
      return `cancellation requested by ${by} at ${at}`;
    case 'stalled':
      return `being cancelled by the service since ${at}: unresolved ${by}`;
  }
}

function headOf({ ageSeconds, requestedBy, ownerGroup, datasetPid }: OpenTransferView): string {
  const age = ageSeconds === null ? 'at an unknown time' : `${durationText(ageSeconds)} ago`;
  const user = requestedBy === '' ? 'an unknown user' : requestedBy;
  const group = ownerGroup === '' ? '' : ` (${ownerGroup})`;
  return `, requested ${age}: ${datasetPid}, by ${user}${group}`;
}

function progressText(transfer: OpenTransferView): string {
  const { bytesTransferred, bytesTotal, filesTransferred, filesTotal } = transfer;
  const { faults, bytesPerSecond, etaSeconds } = transfer;
  const share =
    bytesTotal === 0
      ? ''
      : ` of ${bytesText(bytesTotal)} (${Math.min(100, Math.floor((bytesTransferred / bytesTotal) * 100))}%)`;
  return [
    `${bytesText(bytesTransferred)}${share}`,
    `${filesTransferred} of ${filesTotal} files`,
    ...(bytesPerSecond === null || bytesPerSecond === 0 ? [] : [`${bytesText(bytesPerSecond)}/s`]),
    ...(etaSeconds === null ? [] : [`about ${durationText(etaSeconds)} left`]),
    ...(faults === 0 ? [] : [counted(faults, 'fault')]),
  ].join(', ');
}

function idsText({ transferId, globusTaskId }: OpenTransferView): string {
  return `job ${transferId}, ${globusTaskId === null ? 'no Globus task' : `Globus task ${globusTaskId}`}`;
}
