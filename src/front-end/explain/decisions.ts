/**
 * The facts of the latest decisions: who was given what, by whom, and what did not hold. Front end's
 * thread, written at commit through `note-decision.ts`, read by `explain.ts`.
 *
 * Invariant: an entry's words are all of one decision; the latest 65,536 are there and nothing else.
 *
 * ```
 *   ring of Int32Array[65,536 × 8], 2 MiB                     word
 *     number of the task, as its low 32 bits                   0
 *     kind: placed, conflict, bounced, stolen, called back;    1
 *     by router; strategy
 *     agent, or from whom it was taken; its generation         2  3
 *     load before, capacity                                    4  5
 *     room of all candidates together, before                  6
 *     policy time, ms                                          7
 * ```
 *
 * An entry is eight stores into one half of a line of memory, 5 ns. A task's entries are found by a
 * look at all of them, from the newest: a question of people, at 0.2 ms.
 *
 * Not taken: a map by task, which is an object or two for each; more words for the record, which a
 * million waiting tasks would pay for.
 */

export const DECISION_COUNT = 65_536
const WORDS = 8
const MASK = DECISION_COUNT * WORDS - 1

const PLACED = 1
const CONFLICT = 2
const BOUNCED = 3
const STOLEN = 8
const CALLED_BACK = 9
const KIND_MASK = 11
const BY_ROUTER = 4
const STRATEGY_SHIFT = 8

/** A task was taken from an agent that had it by an earlier decision. */
export interface Taking {
  from: number
  generation: number
  how: 'stolen' | 'called_back'
  atMs: number
}

export interface Decision {
  agent: number
  generation: number
  byRouter: boolean
  strategyIndex: number
  load: number
  capacity: number
  room: number
  atMs: number
  /** Of the same placement, before this decision. */
  conflicts: number
  bounces: number
  /** Since this decision, in order. */
  takings: Taking[]
}

export class Decisions {
  private readonly words = new Int32Array(DECISION_COUNT * WORDS)
  /** Of the next entry's first word. */
  private at = 0

  /**
   * The task has just been given to an agent.
   * @param load tasks that the agent had before. @param room of all its candidates, before.
   */
  placed(
    seq: number,
    byRouter: boolean,
    strategyIndex: number,
    agent: number,
    generation: number,
    load: number,
    capacity: number,
    room: number,
    nowMs: number,
  ): void {
    const { words, at } = this
    words[at] = seq
    words[at + 1] = PLACED | (byRouter ? BY_ROUTER : 0) | (strategyIndex << STRATEGY_SHIFT)
    words[at + 2] = agent
    words[at + 3] = generation
    words[at + 4] = load
    words[at + 5] = capacity
    words[at + 6] = room
    words[at + 7] = nowMs
    this.at = (at + WORDS) & MASK
  }

  /** A choice for it did not hold. */
  conflict(seq: number): void {
    this.mark(seq, CONFLICT)
  }

  /** Nobody was free for it. */
  bounced(seq: number): void {
    this.mark(seq, BOUNCED)
  }

  /** What was bound to the agent is another's. */
  stolen(seq: number, from: number, generation: number, nowMs: number): void {
    this.taken(seq, STOLEN, from, generation, nowMs)
  }

  /** The agent had not begun it and handed it back. */
  calledBack(seq: number, from: number, generation: number, nowMs: number): void {
    this.taken(seq, CALLED_BACK, from, generation, nowMs)
  }

  /** @returns the latest placement of a task, or null when none is kept. */
  find(seq: number): Decision | null {
    const number = seq | 0
    const takings: Taking[] = []
    for (let back = 1; back <= DECISION_COUNT; back++) {
      const at = (this.at - back * WORDS) & MASK
      if (this.words[at] !== number) continue
      const kind = this.kindAt(at)
      if (kind === PLACED) return this.read(at, number, DECISION_COUNT - back, takings)
      if (kind === STOLEN || kind === CALLED_BACK) takings.unshift(this.takingAt(at, kind))
    }
    return null
  }

  private takingAt(at: number, kind: number): Taking {
    const { words } = this
    return {
      from: words[at + 2],
      generation: words[at + 3],
      how: kind === STOLEN ? 'stolen' : 'called_back',
      atMs: words[at + 7],
    }
  }

  private read(at: number, number: number, older: number, takings: Taking[]): Decision {
    const { words } = this
    let conflicts = 0
    let bounces = 0
    for (let back = 1; back <= older; back++) {
      const before = (at - back * WORDS) & MASK
      if (words[before] !== number) continue
      const kind = this.kindAt(before)
      if (kind === CONFLICT) conflicts++
      else if (kind === BOUNCED) bounces++
      else if (kind === PLACED) break
    }
    return {
      agent: words[at + 2],
      generation: words[at + 3],
      byRouter: (words[at + 1] & BY_ROUTER) !== 0,
      strategyIndex: words[at + 1] >>> STRATEGY_SHIFT,
      load: words[at + 4],
      capacity: words[at + 5],
      room: words[at + 6],
      atMs: words[at + 7],
      conflicts,
      bounces,
      takings,
    }
  }

  private kindAt(at: number): number {
    return this.words[at + 1] & KIND_MASK
  }

  private taken(seq: number, kind: number, from: number, generation: number, nowMs: number): void {
    const { words, at } = this
    words[at] = seq
    words[at + 1] = kind
    words[at + 2] = from
    words[at + 3] = generation
    words[at + 7] = nowMs
    this.at = (at + WORDS) & MASK
  }

  private mark(seq: number, kind: number): void {
    this.words[this.at] = seq
    this.words[this.at + 1] = kind
    this.at = (this.at + WORDS) & MASK
  }
}
