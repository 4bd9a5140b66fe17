/**
 * One event of a journal, done again: its fields are read, the core's door is called, and the answer
 * is compared. Any thread.
 *
 * Each looks first whether the event is possible at all, because a damaged journal must end in an
 * error and never in a core that runs in circles.
 */
import type { AgentState } from '../policy/agents.ts'
import { COMMITTED, OVERDUE, ROUTER_GONE } from '../policy/core.ts'
import {
  isFinal,
  OFFERED,
  type RecordState,
  RUNNING,
  stateName,
  type TaskRecord,
} from '../policy/task-record.ts'
import { Kind } from './format.ts'
import type { RecordedCore } from './recorder.ts'
import type { Replayer } from './replayer.ts'
import { blankTask } from './state-classes.ts'

type Apply = (replayer: Replayer, core: RecordedCore, nowMs: number) => void

const NO_NAMES: readonly string[] = []

const APPLY: Record<number, Apply> = {
  [Kind.SUBMIT]: submit,
  [Kind.OFFER]: offer,
  [Kind.PROPOSE]: propose,
  [Kind.BOUNCE]: (replayer, core) => core.bounce(taskIn(replayer, OFFERED)),
  [Kind.WITHDRAW]: withdraw,
  [Kind.LATE]: late,
  [Kind.HEARD]: heard,
  [Kind.SUCCEEDED]: (replayer, core, nowMs) => core.succeeded(taskIn(replayer, RUNNING), nowMs),
  [Kind.FAILED]: failed,
  [Kind.DISPATCH_FAILED]: (replayer, core, nowMs) =>
    core.dispatchFailed(taskIn(replayer, RUNNING), nowMs),
  [Kind.CANCEL]: cancel,
  [Kind.HELLO]: hello,
  [Kind.BEAT]: beat,
  [Kind.PULL]: pull,
  [Kind.PREFETCH]: prefetch,
  [Kind.BYE]: bye,
  [Kind.DRAIN]: drain,
  [Kind.AGENT_LOST]: (replayer, core, nowMs) => core.agentLost(agentOf(replayer, core), nowMs),
  [Kind.CONNECTED]: (replayer, core, nowMs) => {
    const connected = replayer.reader.bool()
    replayer.reader.close()
    core.setConnected(connected, nowMs)
  },
  [Kind.TICK]: (replayer, core, nowMs) => {
    const hasMore = replayer.reader.bool()
    replayer.reader.close()
    replayer.same('hasMore', hasMore, core.tick(nowMs))
  },
}

/** Does the event that the replayer's reader stands at. Kinds of later versions are passed over. */
export function applyEvent(replayer: Replayer, core: RecordedCore): void {
  APPLY[replayer.reader.kind]?.(replayer, core, replayer.reader.nowMs)
}

function submit(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const seq = reader.wide()
  const queue = reader.string()
  const level = reader.int()
  const requires = split(reader.string())
  const timeoutMs = reader.ms()
  const retryCount = reader.int()
  const payloadBytes = reader.int()
  const givenTimeoutMs = reader.ms()
  const givenRetryCount = reader.int()
  if (givenRetryCount < -1) reader.broken('has an impossible retry count')
  const isMadeUp = reader.bool()
  const id = reader.text()
  reader.close()
  if (level < 1 || level > 5) replayer.mismatch('level', '1 to 5', level)
  const record = blankTask(isMadeUp ? '' : id, queue, {
    level,
    requires,
    timeoutMs: givenTimeoutMs < 0 ? null : givenTimeoutMs,
    retryCount: givenRetryCount < 0 ? null : givenRetryCount,
  })
  // The payload's bytes are in no journal, only their number.
  ;(record as { payloadBytes: number }).payloadBytes = payloadBytes
  const refusal = core.submit(record, nowMs)
  replayer.same('answer', answer, refusal?.code ?? '')
  replayer.same('timeoutMs', timeoutMs, record.timeoutMs)
  replayer.same('retryCount', retryCount, record.retryCount)
  replayer.same('id', id, record.id)
  if (refusal !== null) return
  replayer.same('task', seq, record.seq)
  replayer.tasks.set(seq, record)
}

function offer(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const seq = reader.wide()
  const slot = reader.int()
  const generation = reader.int()
  const cls = reader.int()
  const wasBounced = reader.bool()
  reader.close()
  const record = wasBounced ? core.nextBounced(nowMs) : core.nextOffer(nowMs)
  replayer.same('task', seq, record?.seq)
  replayer.same('slot', slot, record!.attempt!.slot)
  replayer.same('generation', generation, record!.attempt!.generation)
  replayer.same('class', cls, record!.cls!.index)
}

function propose(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.int()
  const slot = reader.int()
  const generation = reader.int()
  const agent = reader.int()
  const agentGeneration = reader.int()
  const byRouter = reader.bool()
  const record = core.recordAt[slot]
  if (record === undefined) replayer.mismatch('slot', `below ${core.options.slots}`, slot)
  const found = core.propose(slot, generation, agent, agentGeneration, nowMs, byRouter)
  replayer.same('answer', answer, found)
  if (answer === COMMITTED) {
    replayer.same('task', reader.wide(), record!.seq)
    replayer.same('counter', reader.wide(), record!.attempt!.counter)
    replayer.same('dispatchSeq', reader.int(), record!.attempt!.dispatchSeq)
  }
  reader.close()
}

function withdraw(replayer: Replayer, core: RecordedCore): void {
  const { reader } = replayer
  const record = taskIn(replayer, OFFERED, false)
  const generation = reader.int()
  const isRouterGone = reader.bool()
  reader.close()
  core.withdraw(record, isRouterGone ? ROUTER_GONE : OVERDUE)
  replayer.same('newGeneration', generation, record.attempt!.generation)
}

function late(replayer: Replayer, core: RecordedCore): void {
  const { reader } = replayer
  const agent = reader.string()
  const slot = reader.int()
  const epoch = reader.wide()
  const counter = reader.wide()
  reader.close()
  if (core.running(agent, slot, epoch, counter) !== null) {
    replayer.mismatch('the attempt', 'ended', 'running')
  }
  replayer.same('answer', 'late_result', core.attempt(agent, slot, epoch, counter))
}

function heard(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { running } = agentOf(replayer, core)
  if (running.head === null) replayer.mismatch('the agent', 'at work', 'idle')
  // Which of its attempts it spoke of is nothing to the policy.
  core.heard(running.head, '', nowMs)
}

function failed(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const record = taskIn(replayer, RUNNING, false)
  const code = reader.string()
  const retryable = reader.bool()
  const message = reader.text()
  reader.close()
  core.failed(record, code, message, retryable, nowMs)
}

function cancel(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const seq = reader.wide()
  const isFinished = reader.bool()
  const queue = reader.string()
  const id = reader.text()
  reader.close()
  const record = replayer.tasks.get(seq)
  // A caller may still hold a task that is forgotten already.
  if (record === undefined && isFinished && seq < core.nextSeq) return
  const { id: knownId, queueName } = record ?? noTask(replayer, seq)
  replayer.same('id', id, knownId)
  replayer.same('queue', queue, queueName)
  replayer.same('answer', isFinished, core.cancel(record!, nowMs) === 'finished')
}

function hello(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const index = reader.int()
  const generation = reader.int()
  const spec = {
    id: reader.string(),
    instance: reader.string(),
    queues: split(reader.string()),
    capabilities: split(reader.string()),
    concurrency: reader.int(),
    beats: reader.bool(),
    leased: reader.bool(),
    keeps: reader.bool(),
    pull: reader.bool(),
    link: null,
  }
  reader.close()
  const agent = core.hello(spec, nowMs)
  if (typeof agent === 'string') {
    replayer.same('answer', answer, agent)
    return
  }
  replayer.same('answer', answer, '')
  replayer.same('agent', index, agent.index)
  replayer.same('generation', generation, agent.generation)
}

function beat(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const id = reader.string()
  const instance = reader.string()
  const tells = reader.bool()
  const count = reader.int()
  const running = new Set<number>()
  if (count < 0 || (count > 0 && !tells)) reader.broken('counts what it does not tell')
  for (let i = 0; i < count; i++) running.add(reader.wide())
  reader.close()
  const found = core.beat(id, instance, tells ? running : null, nowMs)
  replayer.same('answer', answer, found ?? '')
}

function pull(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const id = reader.string()
  const instance = reader.string()
  const count = reader.int()
  reader.close()
  if (count < 1) replayer.mismatch('count', '1 or more', count)
  replayer.same('answer', answer, core.pull(id, instance, count, nowMs) ?? '')
}

function prefetch(replayer: Replayer, core: RecordedCore): void {
  const agent = agentOf(replayer, core, false)
  const count = replayer.reader.int()
  replayer.reader.close()
  core.setPrefetch(agent, count)
}

function bye(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const id = reader.string()
  const instance = reader.string()
  const isDraining = reader.bool()
  reader.close()
  replayer.same('answer', answer, core.bye(id, instance, isDraining, nowMs) ?? '')
}

function drain(replayer: Replayer, core: RecordedCore): void {
  const { reader } = replayer
  const answer = reader.string()
  const id = reader.string()
  reader.close()
  replayer.same('answer', answer, core.drainAgent(id) ?? '')
}

/** Reads task and slot. @param isAll the record has no further fields. */
function taskIn(replayer: Replayer, state: RecordState, isAll = true): TaskRecord {
  const { reader } = replayer
  const seq = reader.wide()
  const slot = reader.int()
  if (isAll) reader.close()
  const record = replayer.tasks.get(seq) ?? noTask(replayer, seq)
  if (record.state !== state) {
    const found = isFinal(record.state) ? stateName(record.state) : STATES[record.state]
    replayer.mismatch('the task', STATES[state], found)
  }
  replayer.same('slot', slot, record.attempt!.slot)
  return record
}

const STATES = ['waiting', 'offered', 'running']

function noTask(replayer: Replayer, seq: number): never {
  replayer.mismatch('task', seq, 'no task of that number')
}

/** Reads an agent's index. @param isAll the record has no further fields. */
function agentOf(replayer: Replayer, core: RecordedCore, isAll = true): AgentState {
  const index = replayer.reader.int()
  if (isAll) replayer.reader.close()
  const agent = core.agentAt[index]
  if (agent === undefined) replayer.mismatch('agent', index, 'no agent of that number')
  return agent
}

function split(names: string): readonly string[] {
  return names === '' ? NO_NAMES : names.split(',')
}
