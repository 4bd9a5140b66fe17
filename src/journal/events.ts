/**
 * One event of a journal, done again: its fields are read, the core's door is called, and the answer
 * is compared. Any thread.
 *
 * Each looks first whether the event is possible at all, because a damaged journal must end in an
 * error and never in a core that runs in circles.
 */
import { NONE } from '../../native-free/index.ts'
import { BOUND_TO_AGENT, COMMITTED, OVERDUE, ROUTER_GONE } from '../policy/core.ts'
import { BOUND, OFFERED, RUNNING } from '../policy/task-record.ts'
import {
  agentAt,
  agentOf,
  allocate,
  beat,
  bye,
  configure,
  drain,
  hello,
  limit,
  prefetch,
  pull,
  queueDoor,
  release,
  switched,
} from './agent-events.ts'
import { Kind } from './format.ts'
import { GRAPH_EVENTS } from './graph-events.ts'
import { parentsOf } from './graph-recorder.ts'
import type { RecordedCore } from './recorder.ts'
import type { Replayer } from './replayer.ts'
import { afterOf } from './texts.ts'
import {
  attemptIn,
  countOf,
  entered,
  noTask,
  sameAttempt,
  sameTask,
  taskIn,
  taskOf,
  taskOfTold,
  taskTold,
} from './told.ts'

export type Apply = (replayer: Replayer, core: RecordedCore, nowMs: number) => void

const APPLY: Record<number, Apply> = {
  [Kind.SUBMIT]: submit,
  [Kind.OFFER]: offer,
  [Kind.PROPOSE]: propose,
  [Kind.BOUNCE]: (replayer, core) => core.bounce(taskIn(replayer, OFFERED)),
  [Kind.WITHDRAW]: withdraw,
  [Kind.LATE]: late,
  // What was said of its progress is nothing to the policy.
  [Kind.HEARD]: (replayer, core, nowMs) => core.heard(taskIn(replayer, RUNNING), '', nowMs),
  [Kind.SUCCEEDED]: (replayer, core, nowMs) => core.succeeded(taskIn(replayer, RUNNING), nowMs),
  ...GRAPH_EVENTS,
  [Kind.FAILED]: failed,
  [Kind.DISPATCH_FAILED]: (replayer, core, nowMs) =>
    core.dispatchFailed(taskIn(replayer, RUNNING), nowMs),
  [Kind.YIELD]: yielded,
  [Kind.STEAL]: steal,
  [Kind.RECALL]: recall,
  [Kind.LIMIT]: limit,
  [Kind.INTERRUPT]: (replayer, core, nowMs) => {
    const asked = replayer.reader.int()
    replayer.reader.close()
    replayer.same('asked', asked, core.requestPreemptions(nowMs))
  },
  [Kind.CANCEL]: cancel,
  [Kind.HELLO]: hello,
  [Kind.BEAT]: beat,
  [Kind.PULL]: pull,
  [Kind.PREFETCH]: prefetch,
  [Kind.START]: start,
  [Kind.STRATEGY]: (replayer, core) =>
    switched(replayer, (queue, index) => core.setStrategy(queue === '' ? null : queue, index)),
  [Kind.SHADOW]: (replayer, core) =>
    switched(replayer, (queue, index) => core.setShadow(queue, index)),
  [Kind.BINDING]: (replayer, core) =>
    switched(replayer, (queue, isEarly) => core.setBinding(queue, isEarly ? 'early' : 'late')),
  [Kind.PAUSE]: (replayer, core) => queueDoor(replayer, (queue) => core.pauseQueue(queue)),
  [Kind.RESUME]: (replayer, core) => queueDoor(replayer, (queue) => core.resumeQueue(queue)),
  [Kind.CONFIGURE]: configure,
  [Kind.ALLOCATE]: allocate,
  [Kind.RELEASE]: release,
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
  const told = taskTold(replayer)
  const after = afterOf(reader.text())
  const parents = Array.from({ length: countOf(replayer) }, () => reader.wide())
  reader.close()
  const record = taskOfTold(told, after)
  const known = parentsOf(core, record)
  const refusal = core.submit(record, nowMs)
  replayer.same('answer', answer, refusal?.code ?? '')
  sameTask(replayer, told, record)
  if (refusal !== null) return
  replayer.same('parents', parents.join(), known.join())
  entered(replayer, told, record)
}

function offer(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const seq = reader.wide()
  const slot = reader.int()
  const generation = reader.int()
  const cls = reader.int()
  const strategy = reader.int()
  const wasBounced = reader.bool()
  reader.close()
  const record = wasBounced ? core.nextBounced(nowMs) : core.nextOffer(nowMs)
  replayer.same('task', seq, record?.seq)
  replayer.same('slot', slot, record!.attempt!.slot)
  replayer.same('generation', generation, record!.attempt!.generation)
  replayer.same('class', cls, record!.cls!.index)
  replayer.same('strategy', strategy, record!.cls!.strategyIndex)
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
  } else if (answer === BOUND_TO_AGENT) replayer.same('task', reader.wide(), record!.seq)
  reader.close()
}

function start(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const seq = reader.wide()
  const slot = reader.int()
  const generation = reader.int()
  const agent = reader.int()
  const counter = reader.wide()
  const dispatchSeq = reader.int()
  reader.close()
  const record = core.nextBound(nowMs)
  replayer.same('task', seq, record?.seq)
  const attempt = record!.attempt!
  replayer.same('slot', slot, attempt.slot)
  replayer.same('generation', generation, attempt.generation)
  replayer.same('agent', agent, attempt.agent!.index)
  replayer.same('counter', counter, attempt.counter)
  replayer.same('dispatchSeq', dispatchSeq, attempt.dispatchSeq)
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

function failed(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const record = taskIn(replayer, RUNNING, false)
  const code = reader.string()
  const retryable = reader.bool()
  const message = reader.text()
  reader.close()
  core.failed(record, code, message, retryable, nowMs)
}

function yielded(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const record = taskIn(replayer, RUNNING, false)
  const next = attemptIn(replayer)
  const hasCheckpoint = reader.bool()
  // The core keeps it: a copy, since the bytes are the reader's.
  const checkpoint = reader.blob().slice()
  reader.close()
  replayer.same('answer', null, core.yielded(record, hasCheckpoint ? checkpoint : null, nowMs))
  sameAttempt(replayer, next, record)
}

function steal(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const record = taskOf(replayer, reader.wide())
  const next = attemptIn(replayer)
  reader.close()
  const thief = agentAt(replayer, core, next.agent)
  replayer.same('answer', null, core.steal(record, thief, nowMs))
  if (next.slot < 0) replayer.same('the task', BOUND, record.state)
  else sameAttempt(replayer, next, record)
}

function recall(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const record = taskIn(replayer, RUNNING, false)
  const agent = replayer.reader.int()
  replayer.reader.close()
  const thief = agent === NONE ? null : agentAt(replayer, core, agent)
  replayer.same('answer', null, core.recall(record, thief, nowMs))
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
