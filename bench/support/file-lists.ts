/** Files in one folder of a list, as detectors write them. */
const FILES_PER_FOLDER = 1000;

/** A body of `POST /transfer` with so many nested paths, about 80 bytes for each. */
export function fileListBody(count: number): Buffer {
  const entries = Array.from({ length: count }, (_, index) => ({
    path: pathOf(index),
    isSymlink: index % 500 === 499,
  }));
  return Buffer.from(JSON.stringify({ fileList: entries }));
}

/** A body with so many short paths, of which every second one is a link. */
export function linkListBody(count: number): Buffer {
  const entries = Array.from({ length: count }, (_, index) => ({
    path: String(index),
    isSymlink: index % 2 === 1,
  }));
  return Buffer.from(JSON.stringify({ fileList: entries }));
}

function pathOf(index: number): string {
  const scan = String(Math.floor(index / FILES_PER_FOLDER)).padStart(5, '0');
  const image = String(index % FILES_PER_FOLDER).padStart(6, '0');
  return `raw/scan_${scan}/eiger_4M/tile_${index % 8}/frame_${image}.cbf`;
}
