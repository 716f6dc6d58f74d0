import { createHash, type Hash } from 'node:crypto';
import { isInside, join, locate, normalize } from './collection-paths.js';
import { describeTrouble, troubleAt, type Collection } from './collections.js';
import type { Trouble, TroubleCode } from './event-codes.js';
import { FileTrouble, type FileEntry, type FileSystem } from './file-system.port.js';
import type { CopiedFile, Progress, SkippedError, Step, StepOutcome, Work } from './task.js';
import type { TransferItem, TransferRequest } from './transfer-document.js';
import { isSkippable } from './virtual-work.js';

export interface CopySettings {
  /** Interval of a task's steps. */
  stepMs: number;
  /** Maximum of bytes read, compared or written in a step, which keeps steps short. */
  bytesPerStep: number;
  /** Maximum of files, directories and links started in a step. */
  pathsPerStep: number;
  /** Limit of each task; may be `Infinity`. */
  bytesPerSecond: number;
}

/** Deepest nesting when links are followed, which may lead in circles. */
const MAX_DEPTH = 64;

interface Unit {
  readonly kind: 'item' | 'directory' | 'file' | 'symlink';
  readonly depth: number;
  readonly source: string;
  readonly destination: string;
  readonly item: TransferItem;
}

/** A file being copied. */
interface OpenFile {
  readonly unit: Unit;
  readonly from: string;
  readonly to: string;
  readonly size: number;
  readonly modifiedAt: number;
  stage: 'comparing' | 'copying' | 'verifying';
  offset: number;
  sourceHash: Hash;
  destinationHash: Hash;
}

class CopyTrouble extends Error {
  constructor(
    readonly trouble: Trouble,
    readonly side: 'source' | 'destination',
  ) {
    super(trouble.details);
  }
}

/** Of how many copied files the names are kept. */
const MAX_TRANSFERRED = 100_000;

/** Copies real files between two folders in small steps. Failed paths are retried after all others. */
export class FolderWork implements Work {
  readonly real = true;
  private nextItem = 0;
  private readonly open: Unit[] = [];
  private failed: Unit[] = [];
  private current: OpenFile | undefined;
  private steppedAt: number | undefined;
  private readonly skipped: SkippedError[] = [];
  /** Units with an incomplete destination, which `sync_level` must not take for a copy. */
  private readonly transferred: CopiedFile[] = [];
  private readonly begun = new WeakSet<Unit>();
  private readonly counts = {
    files: 0,
    directories: 0,
    symlinks: 0,
    filesTransferred: 0,
    filesSkipped: 0,
    bytesTransferred: 0,
    bytesChecksummed: 0,
    succeeded: 0,
  };

  constructor(
    private readonly source: Collection & { readonly folder: string },
    private readonly destination: Collection & { readonly folder: string },
    private readonly request: TransferRequest,
    private readonly files: FileSystem,
    private readonly settings: CopySettings,
  ) {}

  step(now: number): Step {
    if (!this.hasMore()) {
      // One by one: a call takes no more arguments than fit on the stack.
      for (const unit of this.failed.reverse()) this.open.push(unit);
      this.failed = [];
    }
    const before = this.counts.succeeded + this.skipped.length + this.counts.bytesTransferred;
    const troubles: Trouble[] = [];
    let bytes = this.budget(now);
    let paths = this.settings.pathsPerStep;
    while (bytes > 0 && paths > 0) {
      const unit = this.current?.unit ?? this.take();
      if (unit === undefined) break;
      try {
        if (this.current === undefined) {
          paths -= 1;
          this.begin(unit);
        } else bytes -= this.copySome(this.current, bytes);
      } catch (error) {
        if (!(error instanceof CopyTrouble)) throw error;
        this.current = undefined;
        if (this.isFatal(error.trouble)) {
          const outcome = { kind: 'fatal', trouble: error.trouble } as const;
          return { outcome, troubles, progressed: false };
        }
        if (this.mayBeSkipped(error)) this.skip(unit, error.trouble, now);
        else {
          troubles.push(error.trouble);
          this.failed.push(unit);
        }
      }
    }
    const after = this.counts.succeeded + this.skipped.length + this.counts.bytesTransferred;
    return { outcome: this.outcome(now), troubles, progressed: after > before };
  }

  rest(): void {
    this.steppedAt = undefined;
  }

  progress(): Progress {
    const { files, directories, symlinks } = this.counts;
    const notExamined = this.request.items.length - this.nextItem;
    const unresolved = [...this.open, ...this.failed].filter((unit) => unit.kind === 'item').length;
    const unresolvedSkips = this.skipped.filter((error) => error.isUnresolved).length;
    return {
      ...this.counts,
      total: files + directories + symlinks + notExamined + unresolved + unresolvedSkips,
      retrying: this.failed.length,
      skippedErrors: this.skipped,
      transferred: this.transferred,
    };
  }

  private outcome(now: number): StepOutcome {
    if (this.hasMore()) return { kind: 'again', at: now + Math.max(1, this.settings.stepMs) };
    return this.failed.length > 0 ? { kind: 'stuck' } : { kind: 'done' };
  }

  private hasMore(): boolean {
    const items = this.nextItem < this.request.items.length;
    return this.current !== undefined || this.open.length > 0 || items;
  }

  private budget(now: number): number {
    const elapsedMs = this.steppedAt === undefined ? this.settings.stepMs : now - this.steppedAt;
    this.steppedAt = now;
    const allowed = Math.ceil((this.settings.bytesPerSecond * Math.max(0, elapsedMs)) / 1000);
    return Math.min(this.settings.bytesPerStep, Number.isNaN(allowed) ? Infinity : allowed);
  }

  private take(): Unit | undefined {
    const unit = this.open.pop();
    if (unit !== undefined) return unit;
    const item = this.request.items[this.nextItem];
    if (item === undefined) return undefined;
    this.nextItem += 1;
    return { kind: 'item', source: item.source, destination: item.destination, item, depth: 0 };
  }

  private begin(unit: Unit): void {
    this.refuseByRule(unit);
    switch (unit.kind) {
      case 'item':
        this.resolve(unit);
        return;
      case 'directory':
        this.openDirectory(unit);
        return;
      case 'file':
        this.openFile(unit);
        return;
      case 'symlink':
        this.copyLink(unit);
        return;
    }
  }

  /** Finds out whether an item of the submission is a file, a directory or a link. */
  private resolve(unit: Unit): void {
    const { item } = unit;
    if (item.kind === 'symlink') {
      this.add({ ...unit, kind: 'symlink' });
      return;
    }
    // Fact: an item that is itself a symbolic link is followed.
    const { entry } = this.sourceOf(unit);
    // Fact: without `recursive` Globus finds out; false requires a file, true a directory.
    if (entry.kind === 'directory') {
      if (item.recursive === false) throw this.troubled('source', 'IS_A_DIRECTORY', unit.source);
      this.add({ ...unit, kind: 'directory' });
    } else if (entry.kind === 'file') {
      if (item.recursive === true) throw this.troubled('source', 'NOT_A_DIRECTORY', unit.source);
      this.add({ ...unit, kind: 'file' });
    } else throw this.troubled('source', 'INVALID_PATH_NAME', unit.source);
  }

  private add(unit: Unit): void {
    if (unit.kind === 'directory') this.counts.directories += 1;
    else if (unit.kind === 'file') this.counts.files += 1;
    else this.counts.symlinks += 1;
    this.open.push(unit);
  }

  private openDirectory(unit: Unit): void {
    if (unit.depth > MAX_DEPTH) throw this.troubled('source', 'INVALID_SYMLINK', unit.source);
    const from = this.sourceOf(unit);
    if (from.entry.kind !== 'directory') {
      throw this.troubled('source', 'NOT_A_DIRECTORY', unit.source);
    }
    const to = this.destinationOf(unit);
    // A copy into itself would never end.
    if (isInside(from.path, to)) {
      throw this.troubled('destination', 'AMBIGUOUS_PATH', unit.destination);
    }
    this.onSide('destination', unit.destination, () => {
      const there = this.files.entry(to);
      if (there !== undefined && there.kind !== 'directory') {
        throw new FileTrouble('NOT_A_DIRECTORY', 'The destination is a file.');
      }
      this.files.makeDirectory(to);
    });
    const names = this.onSide('source', unit.source, () => this.files.list(from.path));
    for (const name of [...names].reverse()) this.addChild(unit, from.path, name);
    this.counts.succeeded += 1;
  }

  private addChild(parent: Unit, folder: string, name: string): void {
    const source = join(normalize(parent.source), name);
    const child = {
      source,
      destination: join(normalize(parent.destination), name),
      item: parent.item,
      depth: parent.depth + 1,
    };
    const entry = this.onSide('source', source, () => this.files.entry(join(folder, name)));
    if (entry?.kind === 'symlink') {
      const links = this.request.recursiveSymlinks;
      if (links === 'keep') this.add({ ...child, kind: 'symlink' });
      // Fact: what a followed link leads to is copied, a file or a directory.
      if (links === 'copy') this.open.push({ ...child, kind: 'item', item: followed(child.item) });
      return;
    }
    // Devices, pipes and sockets are left out.
    if (entry?.kind === 'other') return;
    this.add({ ...child, kind: entry?.kind === 'directory' ? 'directory' : 'file' });
  }

  private openFile(unit: Unit): void {
    const from = this.sourceOf(unit);
    if (from.entry.kind !== 'file') {
      throw this.troubled('source', 'IS_A_DIRECTORY', unit.source);
    }
    const to = this.destinationOf(unit);
    if (to === from.path) throw this.troubled('destination', 'AMBIGUOUS_PATH', unit.destination);
    const there = this.onSide('destination', unit.destination, () => this.files.entry(to));
    if (there !== undefined && there.kind !== 'file') {
      throw this.troubled('destination', 'IS_A_DIRECTORY', unit.destination);
    }
    const file: OpenFile = {
      unit,
      from: from.path,
      to,
      size: from.entry.size,
      modifiedAt: from.entry.modifiedAt,
      stage: 'copying',
      offset: 0,
      sourceHash: createHash('md5'),
      destinationHash: createHash('md5'),
    };
    switch (this.begun.has(unit) ? 'different' : this.compare(from.entry, there)) {
      case 'same':
        this.counts.filesSkipped += 1;
        this.counts.succeeded += 1;
        return;
      case 'unknown':
        file.stage = 'comparing';
        break;
      case 'different':
        this.startCopying(file);
        break;
    }
    this.current = file;
  }

  /** Fact: sync level 0 copies missing files, 1 also other sizes, 2 newer files, 3 other contents. */
  private compare(from: FileEntry, to: FileEntry | undefined): 'same' | 'different' | 'unknown' {
    if (to === undefined) return 'different';
    switch (this.request.syncLevel) {
      case null:
        return 'different';
      case 0:
        return 'same';
      case 1:
        return from.size === to.size ? 'same' : 'different';
      case 2:
        return from.size === to.size && from.modifiedAt <= to.modifiedAt ? 'same' : 'different';
      case 3:
        return from.size === to.size ? 'unknown' : 'different';
    }
  }

  private startCopying(file: OpenFile): void {
    this.begun.add(file.unit);
    this.onSide('destination', file.unit.destination, () => {
      // Fact: missing parents are created.
      this.files.makeDirectory(file.to.slice(0, file.to.lastIndexOf('/')) || '/');
      this.files.create(file.to);
    });
    file.stage = 'copying';
    file.offset = 0;
    file.sourceHash = createHash('md5');
    file.destinationHash = createHash('md5');
  }

  /** @returns how many bytes of the budget it used */
  private copySome(file: OpenFile, budget: number): number {
    if (file.offset >= file.size) {
      this.endStage(file);
      return 0;
    }
    const length = Math.min(file.size - file.offset, budget);
    switch (file.stage) {
      case 'comparing': {
        const left = this.readSource(file, length);
        const right = this.readDestination(file, length);
        this.counts.bytesChecksummed += length;
        if (Buffer.compare(left, right) === 0) file.offset += length;
        else this.startCopying(file);
        return length;
      }
      case 'copying': {
        const bytes = this.readSource(file, length);
        this.onSide('destination', file.unit.destination, () => {
          this.files.write(file.to, file.offset, bytes);
        });
        file.sourceHash.update(bytes);
        file.offset += length;
        this.counts.bytesTransferred += length;
        return length;
      }
      case 'verifying':
        file.destinationHash.update(this.readDestination(file, length));
        file.offset += length;
        this.counts.bytesChecksummed += length;
        return length;
    }
  }

  private endStage(file: OpenFile): void {
    const { unit } = file;
    switch (file.stage) {
      case 'comparing':
        this.counts.filesSkipped += 1;
        this.finish();
        return;
      case 'copying': {
        if (this.request.verifyChecksum) {
          file.stage = 'verifying';
          file.offset = 0;
          return;
        }
        this.finishCopy(file);
        return;
      }
      case 'verifying': {
        const found = file.destinationHash.digest('hex');
        // Fact: a file whose checksums differ is copied again, until they agree.
        if (found !== file.sourceHash.digest('hex')) {
          this.counts.bytesTransferred -= file.size;
          throw this.troubled('destination', 'VERIFY_CHECKSUM', unit.destination);
        }
        this.finishCopy(file);
        return;
      }
    }
  }

  private finishCopy(file: OpenFile): void {
    if (this.request.preserveTimestamp) {
      this.onSide('destination', file.unit.destination, () => {
        this.files.setModifiedAt(file.to, file.modifiedAt);
      });
    }
    this.counts.filesTransferred += 1;
    if (this.transferred.length < MAX_TRANSFERRED) {
      const { source, destination } = file.unit;
      this.transferred.push({ source, destination });
    }
    this.finish();
  }

  private finish(): void {
    this.counts.succeeded += 1;
    this.current = undefined;
  }

  private readSource(file: OpenFile, length: number): Uint8Array {
    const { source } = file.unit;
    const bytes = this.onSide('source', source, () =>
      this.files.read(file.from, file.offset, length),
    );
    if (bytes.length < length) {
      if (file.stage === 'copying') this.counts.bytesTransferred -= file.offset;
      throw this.troubled('source', 'FILE_SIZE_CHANGED', source);
    }
    return bytes;
  }

  private readDestination(file: OpenFile, length: number): Uint8Array {
    return this.onSide('destination', file.unit.destination, () =>
      this.files.read(file.to, file.offset, length),
    );
  }

  /** Copies a link itself, regardless of its target. */
  private copyLink(unit: Unit): void {
    const target = this.onSide('source', unit.source, () => {
      const { path } = locate(this.files, this.source.folder, unit.source, false);
      const entry = this.files.entry(path);
      if (entry === undefined) throw new FileTrouble('FILE_NOT_FOUND', 'The link does not exist.');
      if (entry.kind !== 'symlink') throw new FileTrouble('NOT_A_SYMLINK', 'It is not a link.');
      return this.files.linkTarget(path);
    });
    this.onSide('destination', unit.destination, () => {
      const { path } = locate(this.files, this.destination.folder, unit.destination, false);
      if (this.files.entry(path)?.kind === 'directory') {
        throw new FileTrouble('IS_A_DIRECTORY', 'The destination is a directory.');
      }
      this.files.makeDirectory(path.slice(0, path.lastIndexOf('/')) || '/');
      this.files.makeLink(path, target);
    });
    this.counts.succeeded += 1;
  }

  private sourceOf(unit: Unit): { readonly path: string; readonly entry: FileEntry } {
    return this.onSide('source', unit.source, () => {
      const { path, exists } = locate(this.files, this.source.folder, unit.source);
      const entry = exists ? this.files.entry(path) : undefined;
      if (entry === undefined) throw new FileTrouble('FILE_NOT_FOUND', 'The path does not exist.');
      return { path, entry };
    });
  }

  private destinationOf(unit: Unit): string {
    return this.onSide(
      'destination',
      unit.destination,
      () => locate(this.files, this.destination.folder, unit.destination).path,
    );
  }

  private refuseByRule(unit: Unit): void {
    const reading = troubleAt(this.source, 'read', unit.source);
    if (reading !== undefined) throw new CopyTrouble(reading, 'source');
    const writing = troubleAt(this.destination, 'write', unit.destination);
    if (writing !== undefined) throw new CopyTrouble(writing, 'destination');
  }

  private onSide<T>(side: 'source' | 'destination', path: string, operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      if (error instanceof FileTrouble) throw this.troubled(side, error.code, path);
      throw error;
    }
  }

  private troubled(side: 'source' | 'destination', code: TroubleCode, path: string): CopyTrouble {
    const collection = side === 'source' ? this.source : this.destination;
    return new CopyTrouble({ code, details: describeTrouble(collection, code, path) }, side);
  }

  private isFatal({ code }: Trouble): boolean {
    const quota = code === 'QUOTA_EXCEEDED' || code === 'NO_SPACE_LEFT';
    return quota && this.request.failOnQuotaErrors;
  }

  private mayBeSkipped({ side, trouble }: CopyTrouble): boolean {
    return this.request.skipSourceErrors && side === 'source' && isSkippable(trouble);
  }

  private skip(unit: Unit, trouble: Trouble, now: number): void {
    this.skipped.push({
      ...trouble,
      at: now,
      source: unit.source,
      destination: unit.destination,
      isDirectory: unit.kind === 'directory',
      isSymlink: unit.kind === 'symlink',
      isUnresolved: unit.kind === 'item',
    });
  }
}

/** A followed link may lead to a file or a directory, whatever the item of its folder says. */
function followed(item: TransferItem): TransferItem {
  return { ...item, recursive: undefined };
}
