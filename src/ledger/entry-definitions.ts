/**
 * What entries refer to, defined once in each chunk: queues with their promises, agents, strategies. The
 * front end's thread.
 *
 * Invariant: what a number stands for is written in the same chunk, before the entry that has it.
 */
import type { AgentState } from '../policy/agents.ts'
import type { QueueState } from '../policy/queues.ts'
import { EntryBuffer, type SealedChunk } from './entry-buffer.ts'
import { Entry } from './format.ts'
import { targetMsOf } from './promises.ts'

const LEVELS = 5

export interface DefinitionOptions {
  sink(chunk: SealedChunk): void
  epoch: number
  agentsMax: number
  /** Names by the index that classes have. */
  strategies: readonly string[]
  chunksMax: number
  /** `Date.now` by default. */
  wallMs?(): number
}

export class EntryDefinitions extends EntryBuffer {
  private readonly strategies: readonly string[]
  /** In which chunk an agent, a strategy was defined last. */
  private readonly agentChunk: Int32Array
  private readonly strategyChunk: Int32Array
  private readonly queues = new Map<QueueState, number>()
  protected lastQueue: QueueState | null = null
  protected lastQueueNumber = 0

  constructor(options: DefinitionOptions) {
    super(options.sink, options.epoch, options.chunksMax, options.wallMs ?? Date.now)
    this.strategies = options.strategies
    this.agentChunk = new Int32Array(options.agentsMax)
    this.strategyChunk = new Int32Array(options.strategies.length)
  }

  protected override forgetDefinitions(): void {
    super.forgetDefinitions()
    this.forgetQueues()
  }

  /** A queue's promises are written with its name, so a changed one is defined anew. */
  protected forgetQueues(): void {
    this.queues.clear()
    this.lastQueue = null
  }

  /** The agent's row may have been another's in this chunk. */
  protected forgetAgent({ index }: AgentState): void {
    this.agentChunk[index] = 0
  }

  protected agent(agent: AgentState): number {
    const { index } = agent
    if (this.agentChunk[index] === this.chunkNumber) return index
    this.agentChunk[index] = this.chunkNumber
    const start = this.length
    this.words[start + 1] = index
    this.define(Entry.AGENT, start, this.writeText(agent.id, start + 2))
    return index
  }

  protected isDefined(agent: number): boolean {
    return agent >= 0 && this.agentChunk[agent] === this.chunkNumber
  }

  protected strategy(index: number): number {
    if (index < 0 || this.strategyChunk[index] === this.chunkNumber) return index
    this.strategyChunk[index] = this.chunkNumber
    const start = this.length
    this.words[start + 1] = index
    this.define(Entry.STRATEGY, start, this.writeText(this.strategies[index], start + 2))
    return index
  }

  protected queueNumber(queue: QueueState): number {
    let number = this.queues.get(queue)
    if (number === undefined) {
      number = this.queues.size + 1
      this.queues.set(queue, number)
      this.defineQueue(queue, number)
    }
    this.lastQueue = queue
    this.lastQueueNumber = number
    return number
  }

  private defineQueue({ name, options }: QueueState, number: number): void {
    const { words, length: start } = this
    words[start + 1] = number
    words[start + 2] = options.ttlMs
    words[start + 3] = options.deadlineMs
    for (let level = 1; level <= LEVELS; level++) {
      words[start + 3 + level] = targetMsOf(options, level)
    }
    words[start + 9] = options.timeoutMs
    words[start + 10] = options.retryCount
    this.define(Entry.QUEUE, start, this.writeText(name, start + 11))
  }
}
