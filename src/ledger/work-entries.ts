/**
 * Entries of graphs, of stages, and of what people do. The front end's thread; rare beside those of
 * `LedgerWriter`, which has the rest.
 *
 * Invariant: what somebody decided by stands with the decision: their name, the time, the confidence
 * that was said, and SHA-256 over all that they saw. No word of a comment is left out: a long one is
 * several entries.
 */
import { policyMs } from '../clock.ts'
import type { AgentState } from '../policy/agents.ts'
import type { Flow, Links } from '../policy/graphs.ts'
import type { Stage } from '../policy/stages.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import { TEXT_BYTES_MAX } from './entry-buffer.ts'
import { EntryDefinitions } from './entry-definitions.ts'
import { CONFIDENCE_STEPS, Entry, SEEN_WORDS } from './format.ts'

/** Of a comment in the entry of a decision: with the digest there is no more room. */
const SHORT_BYTES_MAX = 160

export class WorkEntries extends EntryDefinitions {
  /** Who has just succeeded; its outcome, or its stage, comes next. */
  protected succeededAgent = -1

  /** Right behind its acceptance; of a task that waits for nobody and is in no flow nothing. */
  protected linked(record: TaskRecord, { parents, flow, node }: Links, nowMs: number): void {
    if (parents.length === 0 && flow === null) return
    if (!this.begin(nowMs)) return
    const flowNumber = this.text(flow?.id ?? '')
    const nodeNumber = this.text(node)
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = parents.length
    words[start + 3] = flowNumber
    words[start + 4] = nodeNumber
    this.end(Entry.LINKED, 0, start, start + 5)
  }

  /** It goes on by a rule; where, its move says. */
  stageLeft(record: TaskRecord, stage: Stage, nowMs: number): void {
    this.succeededAgent = -1
    if (!this.begin(nowMs)) return
    const queue = this.text(stage.queue)
    const agent = this.text(stage.agentId)
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = queue
    words[start + 3] = agent
    words[start + 4] = stage.attempts
    words[start + 5] = stage.rule
    words[start + 6] = stage.resultBytes
    this.end(Entry.STAGE_LEFT, 0, start, start + 7)
  }

  /** Its end was decided by others. @param code null when it completes. */
  resolved(record: TaskRecord, code: string | null, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const number = this.text(code ?? '')
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = number
    this.end(Entry.RESOLVED, code === null ? 1 : 0, start, start + 3)
  }

  /** A second attempt elsewhere is wanted. */
  hedged(record: TaskRecord, twin: TaskRecord, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const id = this.text(twin.id)
    const task = this.task(record.seq)
    const { words, length: start } = this
    words[start + 1] = task
    words[start + 2] = id
    this.end(Entry.HEDGED, 0, start, start + 3)
  }

  /** @param confidence 0 to 100, null when none was said. @param seen 32 bytes. */
  claimed(
    record: TaskRecord,
    person: AgentState,
    confidence: number | null,
    seen: Uint8Array,
    nowMs: number,
  ): void {
    if (!this.begin(nowMs)) return
    const behind = this.judged(record, person, confidence, seen)
    this.end(Entry.CLAIMED, 0, this.length, behind)
  }

  /** @param decision its place among `DECISIONS`. @param comment a long one has entries of its own. */
  decided(
    record: TaskRecord,
    person: AgentState,
    decision: number,
    confidence: number | null,
    seen: Uint8Array,
    comment: string,
    nowMs: number,
  ): void {
    const isLong = Buffer.byteLength(comment) > SHORT_BYTES_MAX
    if (isLong) this.commented(record, person.id, comment, nowMs)
    if (!this.begin(nowMs)) return
    const behind = this.judged(record, person, confidence, seen)
    const end = this.writeText(isLong ? '' : comment, behind)
    this.end(Entry.DECIDED, decision, this.length, end)
  }

  /** In pieces that have room in an entry each, cut between characters. */
  commented(record: TaskRecord, by: string, text: string, nowMs = policyMs()): void {
    const pieces = piecesOf(text)
    for (const [at, piece] of pieces.entries()) {
      if (!this.begin(nowMs)) return
      const who = this.text(by)
      const task = this.task(record.seq)
      const { words, length: start } = this
      words[start + 1] = task
      words[start + 2] = who
      const isLast = at === pieces.length - 1
      this.end(Entry.COMMENTED, isLast ? 0 : 1, start, this.writeText(piece, start + 3))
    }
  }

  flowAccepted(flow: Flow, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const id = this.text(flow.id)
    const queue = this.text(flow.queue)
    const { words, length: start } = this
    words[start + 1] = id
    words[start + 2] = queue
    words[start + 3] = flow.nodes.length
    this.end(Entry.FLOW_ACCEPTED, 0, start, start + 4)
  }

  flowEnded(flow: Flow, nowMs: number): void {
    if (!this.begin(nowMs)) return
    const id = this.text(flow.id)
    const queue = this.text(flow.queue)
    const state = this.text(flow.state)
    const { words, length: start } = this
    words[start + 1] = id
    words[start + 2] = queue
    words[start + 3] = state
    this.end(Entry.FLOW_ENDED, 0, start, start + 4)
  }

  /** @returns the first word behind task, person, confidence and digest. */
  private judged(
    record: TaskRecord,
    person: AgentState,
    confidence: number | null,
    seen: Uint8Array,
  ): number {
    const agent = this.agent(person)
    const task = this.task(record.seq)
    const { words, bytes, length: start } = this
    words[start + 1] = task
    words[start + 2] = agent
    words[start + 3] = confidence === null ? 0 : Math.round(confidence * CONFIDENCE_STEPS) + 1
    bytes.set(seen, 4 * (start + 4))
    return start + 4 + SEEN_WORDS
  }

  protected end(kind: number, aux: number, start: number, behind: number): void {
    this.words[start] = kind | ((behind - start) << 6) | (aux << 12) | this.stamp
    this.length = behind
  }
}

/** @returns at least one. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  let piece = ''
  let bytes = 0
  for (const character of text) {
    const more = Buffer.byteLength(character)
    if (bytes + more > TEXT_BYTES_MAX) {
      pieces.push(piece)
      piece = ''
      bytes = 0
    }
    piece += character
    bytes += more
  }
  pieces.push(piece)
  return pieces
}
