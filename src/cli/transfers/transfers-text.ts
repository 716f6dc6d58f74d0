import { bytesText, durationText } from '../format.js';
import { type Colour, type Paint, painter } from '../paint.js';
import { oneLine } from '../one-line.js';
import type { OpenTransferView } from './open-transfer.js';

const COLOURS: Readonly<Record<OpenTransferView['state'], Colour>> = {
  waiting: 'yellow',
  transferring: 'green',
  finalizing: 'green',
  finished: 'gray',
  failed: 'red',
  cancelled: 'gray',
  'left-alone': 'gray',
};

/** What a job says that is just beginning, or that all is well with. */
const NO_NEWS: readonly string[] = [
  'transferring',
  'transferred, marking the dataset as archivable',
];

/** Open transfers for people, with a line break at the end. */
export function transfersText(transfers: readonly OpenTransferView[], colours: boolean): string {
  const painted = painter(colours);
  const blocks = [[summary(transfers)], ...transfers.map((one) => blockOf(one, painted))];
  return blocks.map((lines) => lines.map((line) => `${line}\n`).join('')).join('\n');
}

function summary(transfers: readonly OpenTransferView[]): string {
  if (transfers.length === 0) return 'No open transfers.';
  const counts = new Map<string, number>();
  for (const { state } of transfers) counts.set(state, (counts.get(state) ?? 0) + 1);
  const states = [...counts].map(([state, count]) => `${count} ${state}`);
  return `${transfers.length} open ${transfers.length === 1 ? 'transfer' : 'transfers'}: ${states.join(', ')}`;
}

function blockOf(transfer: OpenTransferView, painted: Paint): readonly string[] {
  const { state, message, endRequested, source, destination } = transfer;
  return [
    `${painted(COLOURS[state], state)}${oneLine(headOf(transfer))}`,
    ...(NO_NEWS.includes(message) ? [] : [message]).map(indented),
    ...(endRequested === null
      ? []
      : [`to be cancelled, as ${endRequested.by} wants since ${endRequested.at}`]
    ).map(indented),
    ...(source === null || destination === null
      ? []
      : [`${source.facility} ${source.path} → ${destination.facility} ${destination.path}`]
    ).map(indented),
    ...(state === 'left-alone' ? [] : [progressText(transfer)]).map(indented),
    indented(idsText(transfer)),
  ];
}

function indented(text: string): string {
  return `  ${oneLine(text)}`;
}

function headOf({ ageSeconds, requestedBy, ownerGroup, datasetPid }: OpenTransferView): string {
  const age = ageSeconds === null ? 'at an unknown time' : `${durationText(ageSeconds)} ago`;
  const who = requestedBy === '' ? 'nobody known' : requestedBy;
  const group = ownerGroup === '' ? '' : ` (${ownerGroup})`;
  return `, asked for ${age}: ${datasetPid}, by ${who}${group}`;
}

function progressText(transfer: OpenTransferView): string {
  const { bytesTransferred, bytesTotal, filesTransferred, filesTotal } = transfer;
  const { faults, bytesPerSecond, etaSeconds } = transfer;
  const share =
    bytesTotal === 0
      ? ''
      : ` of ${bytesText(bytesTotal)} (${Math.min(100, Math.floor((bytesTransferred / bytesTotal) * 100))} %)`;
  return [
    `${bytesText(bytesTransferred)}${share}`,
    `${filesTransferred} of ${filesTotal} files`,
    ...(bytesPerSecond === null || bytesPerSecond === 0 ? [] : [`${bytesText(bytesPerSecond)}/s`]),
    ...(etaSeconds === null ? [] : [`about ${durationText(etaSeconds)} left`]),
    ...(faults === 0 ? [] : [`${faults} ${faults === 1 ? 'fault' : 'faults'}`]),
  ].join(', ');
}

function idsText({ transferId, globusTaskId }: OpenTransferView): string {
  return `job ${transferId}, ${globusTaskId === null ? 'no task yet' : `task ${globusTaskId}`}`;
}
