/**
 * Call-backs over a wire that loses, repeats and reorders their words. Results arrive, so whatever is begun
 * twice is begun twice for a call-back's sake.
 */
import { expect, test } from 'vitest'
import type { AgentState } from '../../src/policy/agents.ts'
import { isFinal, RUNNING, type TaskRecord } from '../../src/policy/task-record.ts'
import { Random } from '../../src/routing/generator.ts'
import { checkInvariants } from './invariants.ts'
import { Policy, seedsOr, type Token } from './support.ts'

/** Ends: in each round something arrives, is lost, or is missed by another beat. */
const ROUNDS_MAX = 4_000

interface Work {
  record: TaskRecord
  token: Token
}

/** An agent as it is on its side of the wire. */
class Hand {
  readonly waiting: Work[] = []
  readonly begun: Work[] = []
  /** Handed back: never to be run. */
  readonly returned = new Set<number>()
  readonly agent: AgentState

  constructor(agent: AgentState) {
    this.agent = agent
  }

  has(counter: number): boolean {
    return [...this.waiting, ...this.begun].some(({ token }) => token.counter === counter)
  }

  counters(): number[] {
    return [...this.waiting, ...this.begun].map(({ token }) => token.counter)
  }
}

class Story {
  readonly policy: Policy
  readonly hands: Hand[]
  readonly begins = new Map<TaskRecord, number>()
  /** On their way; in any order. */
  readonly words: (() => void)[] = []
  readonly #random: Random
  #repeats = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.policy = new Policy({ queue: { timeoutMs: 2 ** 30, lossLimit: 1_000 } })
    this.hands = Array.from({ length: 2 + this.#below(3) }, (_, number) => {
      const agent = this.policy.agent(`a${number}`, {
        concurrency: 1 + this.#below(2),
        keeps: this.#below(2) === 0,
        recalls: true,
        leased: false,
      })
      this.policy.core.setPrefetch(agent, this.#below(4))
      return new Hand(agent)
    })
  }

  #below(count: number): number {
    return this.#random.nextInt(count)
  }

  #hand(id: string): Hand {
    return this.hands.find(({ agent }) => agent.id === id)!
  }

  /** Lost, once or twice. */
  #send(word: () => void): void {
    for (let copies = this.#below(3); copies > 0; copies--) this.words.push(word)
  }

  #place(): void {
    for (const record of this.policy.place()) this.#dispatch(record)
  }

  #dispatch(record: TaskRecord): void {
    const token = this.policy.token(record)
    // What is lost here is missed by two beats.
    if (this.#below(10) > 0) this.#hand(token.agent).waiting.push({ record, token })
  }

  #recall(): void {
    const hand = this.hands[this.#below(this.hands.length)]
    const record = hand.agent.running.tail
    if (record === null) return
    const thief = this.hands[this.#below(this.hands.length)].agent
    if (this.policy.recall(record, this.#below(4) === 0 ? null : thief) !== null) return
    const token = this.policy.token(record)
    this.#send(() => this.#asked(hand, token))
  }

  /** What it has begun, and what it does not know, it keeps silent about. */
  #asked(hand: Hand, token: Token): void {
    const at = hand.waiting.findIndex((work) => work.token.counter === token.counter)
    if (at < 0) return
    hand.waiting.splice(at, 1)
    hand.returned.add(token.counter)
    this.#send(() => this.#handedBack(token))
  }

  #handedBack(token: Token): void {
    const record = this.policy.attempt(token)
    if (typeof record === 'string') return
    expect(this.policy.yield(record)).toBe(null)
    if (record.state === RUNNING) this.#dispatch(record)
  }

  #work(hand: Hand): void {
    const { waiting, begun, agent } = hand
    if (begun.length > 0 && this.#below(3) === 0) {
      const [{ record, token }] = begun.splice(this.#below(begun.length), 1)
      // Nobody else has it meanwhile.
      expect(this.policy.attempt(token)).toBe(record)
      this.policy.succeed(record)
    } else if (waiting.length > 0 && begun.length < agent.concurrency) {
      const work = waiting.shift()!
      expect(hand.returned.has(work.token.counter)).toBe(false)
      this.begins.set(work.record, (this.begins.get(work.record) ?? 0) + 1)
      begun.push(work)
    }
  }

  #beat(hand: Hand): void {
    this.policy.beat(hand.agent, hand.counters())
    const { repeated } = this.policy.effects
    for (; this.#repeats < repeated.length; this.#repeats++) {
      const { record, counter } = repeated[this.#repeats]
      const token = this.policy.token(record)
      if (hand.returned.has(counter)) this.#send(() => this.#handedBack(token))
      else if (!hand.has(counter)) hand.waiting.push({ record, token })
    }
  }

  play(): void {
    const records = this.policy.submitMany(8 + this.#below(20))
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (records.every(({ state }) => isFinal(state))) return
      this.#place()
      for (let i = this.#below(3); i > 0; i--) this.#recall()
      for (const hand of this.hands) this.#work(hand)
      for (let i = this.#below(3); i > 0 && this.words.length > 0; i--) {
        this.words.splice(this.#below(this.words.length), 1)[0]()
      }
      if (this.#below(4) === 0) for (const hand of this.hands) this.#beat(hand)
      this.policy.pass(1 + this.#below(2_000))
    }
    throw new Error('a task is stuck')
  }
}

test('recalls: whatever of their words is lost, repeated or late, each task is begun once', () => {
  let recalled = 0
  let late = 0
  for (let seed = 1; seed <= seedsOr(1_000); seed++) {
    const story = new Story(seed)
    try {
      story.play()
      checkInvariants(story.policy)
      const begins = [...story.begins.values()]
      expect(begins).toEqual(begins.map(() => 1))
      expect(begins.length).toBe(story.policy.core.counters.completed)
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
    }
    recalled += story.policy.core.counters.recalled
    late += story.policy.core.counters.lateResults
  }
  // Else nothing was called back, or nothing came late.
  expect(recalled).toBeGreaterThan(1_000)
  expect(late).toBeGreaterThan(100)
}, 600_000)
