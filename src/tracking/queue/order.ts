import { type Owner, ownerOf, type Transfer } from '../../domain/transfer.js';

/*
 * Who goes next: deficit round robin over owner groups, in bytes by weight; within a group, over its
 * users in equal shares; within a user, oldest first. Pure.
 *
 * The quantum of the round robin is 1 KiB for each unit of weight, so no round has to be played:
 * a transfer's turn is the round in which its group's deficit reaches its size, which is a sum. That
 * keeps each group within one transfer of its share, and the whole order is a sort by turn.
 */

/** A waiting transfer, reduced to what its turn depends on. */
export interface QueueEntry extends Owner {
  readonly jobId: string;
  /** Milliseconds since the epoch by SciCat's clock. */
  readonly requestedAt: number;
  /** What the copy counts as, at least {@link LEAST_BYTES}. */
  readonly bytes: number;
}

/** The settings of the order. */
export interface OrderRules {
  /** Positive. */
  readonly weightOf: (group: string) => number;
  /** The oldest transfer of a user with nothing running goes first after this; 0: never. */
  readonly maxWaitMs: number;
  /** Up to this size, a transfer is small; 0: none is. */
  readonly smallBytes: number;
}

/** What the order depends on besides the queue. */
export interface OrderFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Users with a transfer that holds a slot. */
  readonly usersRunning: ReadonlySet<string>;
  /** Whether a small transfer holds a slot. */
  readonly smallRunning: boolean;
}

/**
 * How far each group with waiting transfers, and each user within it, is ahead of the one that was
 * served least, in KiB by weight. Whoever has nothing waiting is in it only while ahead: a share that
 * is not used is not saved up, but one that was used counts until the others have had as much.
 * Otherwise, whoever requests the next transfer only when the last one has its slot would always be a
 * newcomer, and always go first.
 */
export type Balance = ReadonlyMap<
  string,
  { readonly ahead: number; readonly users: ReadonlyMap<string, number> }
>;

/** Nobody is ahead. */
export const EVEN: Balance = new Map();

/**
 * A copy counts as this much at least: it holds a slot for a while however small it is, and the size
 * of a dataset is what its owner says.
 */
export const LEAST_BYTES = 2 ** 30;

/** What the order depends on of a transfer. */
export function entryOf(transfer: Transfer): QueueEntry {
  const { jobId, requestedAt } = transfer;
  const bytes = Math.max(LEAST_BYTES, expectedBytes(transfer));
  return { jobId, requestedAt, ...ownerOf(transfer), bytes };
}

function expectedBytes({ origin }: Transfer): number {
  if (origin.kind === 'go-version') return 0;
  const { dataset, fileList } = origin.record;
  if (fileList === undefined) return dataset.bytes;
  // The size of a part is not known; its share of the files has to do.
  return dataset.bytes * Math.min(1, fileList.count / Math.max(1, dataset.files));
}

/**
 * Oldest first; of two with the same time the smaller job id, so that the order survives a restart.
 *
 * @returns negative when `a` goes first, positive when `b` does
 */
export function oldestFirst(
  a: Pick<QueueEntry, 'requestedAt' | 'jobId'>,
  b: Pick<QueueEntry, 'requestedAt' | 'jobId'>,
): number {
  if (a.requestedAt !== b.requestedAt) return a.requestedAt - b.requestedAt;
  return a.jobId < b.jobId ? -1 : 1;
}

/** The entries in the order in which they get slots, if no others arrive. */
export function fairOrder<Entry extends QueueEntry>(
  entries: readonly Entry[],
  balance: Balance,
  rules: OrderRules,
  facts: OrderFacts,
): readonly Entry[] {
  const oldest = [...entries].sort(oldestFirst);
  const byShare = inTurns(oldest, levelled(balance, oldest), rules);
  const first = [...overdue(oldest, rules, facts), ...oneSmall(byShare, rules, facts)];
  return first.length === 0 ? byShare : [...new Set([...first, ...byShare])];
}

/**
 * The balance as those who have something waiting now see it. Newcomers begin with the least served of
 * them: they neither owe anything nor have anything to catch up on. If nobody waits, nobody is ahead.
 */
export function levelled(balance: Balance, entries: readonly QueueEntry[]): Balance {
  const present = grouped(entries);
  const groups = level(
    new Map([...balance].map(([group, { ahead }]) => [group, ahead])),
    present.keys(),
  );
  return new Map(
    [...groups].map(([group, ahead]) => {
      const before = balance.get(group)?.users ?? new Map<string, number>();
      const theirs = present.get(group);
      return [
        group,
        { ahead, users: theirs === undefined ? before : level(before, theirs.keys()) },
      ];
    }),
  );
}

/**
 * The balance after `entry` was given `bytes`; negative if it gave them back, which makes up for what its
 * group and user are ahead and for nothing more: when they took it, perhaps nobody was there to be ahead of,
 * and its size is what the dataset's owner says. Without effect if its group is not in the balance.
 */
export function charged(
  balance: Balance,
  entry: QueueEntry,
  bytes: number,
  { weightOf }: Pick<OrderRules, 'weightOf'>,
): Balance {
  const { group, user } = entry;
  const account = balance.get(group);
  if (account === undefined) return balance;
  const users = new Map(account.users);
  const before = users.get(user);
  if (before !== undefined) users.set(user, Math.max(0, before + shareOf(bytes, 1)));
  return new Map(balance).set(group, {
    ahead: Math.max(0, account.ahead + shareOf(bytes, weightOf(group))),
    users,
  });
}

/**
 * What a copy takes of a share, in KiB for each unit of weight. A whole number, so that sums are exact:
 * otherwise the order that is shown could differ from the one that comes about, where turns are equal.
 */
function shareOf(bytes: number, weight: number): number {
  return Math.sign(bytes) * Math.round(Math.abs(bytes) / 1024 / weight);
}

/** By group and user, each in the order of `entries`. */
function grouped<Entry extends QueueEntry>(
  entries: readonly Entry[],
): ReadonlyMap<string, ReadonlyMap<string, readonly Entry[]>> {
  const groups = new Map<string, Map<string, Entry[]>>();
  for (const entry of entries) {
    const users = groups.get(entry.group) ?? new Map<string, Entry[]>();
    groups.set(entry.group, users);
    const theirs = users.get(entry.user);
    if (theirs === undefined) users.set(entry.user, [entry]);
    else theirs.push(entry);
  }
  return groups;
}

/** Also keeps whoever is ahead of all that are present. */
function level(
  ahead: ReadonlyMap<string, number>,
  present: Iterable<string>,
): ReadonlyMap<string, number> {
  const keys = new Set(present);
  if (keys.size === 0) return new Map();
  const known = [...keys].flatMap((key) => ahead.get(key) ?? []);
  // Not Math.min(...known): there may be more of them than a call takes.
  const least = known.reduce((a, b) => Math.min(a, b), known[0] ?? 0);
  const levelled = new Map([...keys].map((key) => [key, (ahead.get(key) ?? least) - least]));
  for (const [key, before] of ahead) {
    if (!keys.has(key) && before > least) levelled.set(key, before - least);
  }
  return levelled;
}

interface Turn<Entry> {
  readonly entry: Entry;
  readonly turn: number;
}

function inTurns<Entry extends QueueEntry>(
  oldest: readonly Entry[],
  balance: Balance,
  { weightOf }: OrderRules,
): readonly Entry[] {
  const turns: Turn<Entry>[] = [];
  for (const [group, users] of grouped(oldest)) {
    const account = balance.get(group);
    const weight = weightOf(group);
    const within: Turn<Entry>[] = [];
    for (const [user, theirs] of users) {
      within.push(...running(theirs, account?.users.get(user) ?? 0, 1));
    }
    turns.push(...running(sorted(within), account?.ahead ?? 0, weight));
  }
  return sorted(turns);
}

/** The turn of each entry of a sequence that is served in this order. */
function* running<Entry extends QueueEntry>(
  entries: readonly Entry[],
  ahead: number,
  weight: number,
): Iterable<Turn<Entry>> {
  let turn = ahead;
  for (const entry of entries) {
    turn += shareOf(entry.bytes, weight);
    yield { entry, turn };
  }
}

function sorted<Entry extends QueueEntry>(turns: readonly Turn<Entry>[]): readonly Entry[] {
  return [...turns]
    .sort((a, b) => a.turn - b.turn || oldestFirst(a.entry, b.entry))
    .map(({ entry }) => entry);
}

/**
 * The oldest transfer of each user, if it has waited too long and nothing of the user runs. One for
 * each user: otherwise whoever requests thousands at once would have all slots as soon as they are old.
 */
function overdue<Entry extends QueueEntry>(
  oldest: readonly Entry[],
  { maxWaitMs }: OrderRules,
  facts: OrderFacts,
): readonly Entry[] {
  const { now } = facts;
  const [first] = oldest;
  if (maxWaitMs === 0 || first === undefined || now - first.requestedAt <= maxWaitMs) return [];
  const users = new Set(facts.usersRunning);
  const found: Entry[] = [];
  for (const entry of oldest) {
    if (now - entry.requestedAt <= maxWaitMs) break;
    if (users.has(entry.user)) continue;
    users.add(entry.user);
    found.push(entry);
  }
  return found;
}

/** The first small transfer, if none runs: one slot is theirs as long as any waits. */
function oneSmall<Entry extends QueueEntry>(
  byShare: readonly Entry[],
  { smallBytes }: OrderRules,
  facts: OrderFacts,
): readonly Entry[] {
  if (smallBytes === 0 || facts.smallRunning) return [];
  const small = byShare.find((entry) => isSmall(entry, smallBytes));
  return small === undefined ? [] : [small];
}

/** Whether a transfer is small. `LEAST_BYTES` is no lower bound here. */
export function isSmall({ bytes }: Pick<QueueEntry, 'bytes'>, smallBytes: number): boolean {
  return smallBytes > 0 && bytes <= Math.max(smallBytes, LEAST_BYTES);
}
