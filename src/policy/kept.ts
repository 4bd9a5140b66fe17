/** Finished tasks, kept for look-up within bounds of count, age and bytes; the oldest go first. */
import type { KeepOptions } from '../options.ts'
import { rememberFlow, rememberPast } from './dedup.ts'
import type { Flow } from './graphs.ts'
import { RecordList } from './record-list.ts'
import type { PolicyState } from './state.ts'
import type { TaskRecord } from './task-record.ts'

export class Kept {
  private readonly options: KeepOptions
  private readonly list = new RecordList()
  private bytes = 0

  constructor(options: KeepOptions) {
    this.options = options
  }

  /** After the outcome went out, or once nobody needs it any more. */
  add(core: PolicyState, record: TaskRecord, nowMs: number): void {
    this.list.pushBack(record)
    this.bytes += resultBytesOf(record)
    while (this.list.length > this.options.count || this.bytes > this.options.bytes) {
      this.#forgetOldest(core, nowMs)
    }
  }

  /** A kept one is needed again. */
  take(record: TaskRecord): void {
    this.list.remove(record)
    this.bytes -= resultBytesOf(record)
  }

  expire(core: PolicyState, nowMs: number, max: number): void {
    for (let i = 0; i < max && this.nextExpiryMs() <= nowMs; i++) {
      this.#forgetOldest(core, nowMs)
    }
  }

  /** The task that finished last; those before it hang at its `prev`. */
  get newest(): TaskRecord | null {
    return this.list.tail
  }

  nextExpiryMs(): number {
    const head = this.list.head
    return head === null
      ? Number.POSITIVE_INFINITY
      : head.finishedAtMs + this.options.ageSeconds * 1000
  }

  #forgetOldest(core: PolicyState, nowMs: number): void {
    const record = this.list.head!
    this.list.remove(record)
    this.bytes -= resultBytesOf(record)
    core.index.remove(record)
    rememberPast(core, record, nowMs)
    const links = record.extras === null ? null : record.extras.links
    if (links !== null && links.flow !== null) forgetNode(core, links.flow, links.nodeAt, nowMs)
    core.effects.forgotten(record)
  }
}

/** Its result's, and those of the stages behind it: all of them can be read for as long as it is kept. */
function resultBytesOf({ resultBytes, extras }: TaskRecord): number {
  let bytes = Math.max(0, resultBytes)
  if (extras === null) return bytes
  for (const stage of extras.stages) bytes += Math.max(0, stage.resultBytes)
  return bytes
}

function forgetNode(core: PolicyState, flow: Flow, nodeAt: number, nowMs: number): void {
  flow.nodes[nodeAt] = null
  if (--flow.known > 0) return
  core.flows.delete(flow.id)
  rememberFlow(core, flow, nowMs)
}
