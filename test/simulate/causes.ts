/** Why an attempt ended and a task has its outcome: each has its cause, and was said about this very one. */
import type { AttemptEnd } from '../../src/policy/state.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import type { ResultClaim } from './agent-hands.ts'
import type { GraphLedger } from './graph-ledger.ts'
import { type Door, holds, type KnownAttempt, type KnownTask, nameOf } from './known.ts'

/** An attempt ends only by what can end it. */
export function holdsCause(
  door: Door,
  attempt: KnownAttempt,
  how: AttemptEnd,
  mayGo: boolean,
  what: () => string,
): void {
  const { name, nowMs, record } = door
  const isItself = record === attempt.task.record
  switch (how) {
    case 'succeeded':
    case 'failed':
      holds(name === how && isItself, () => `${what()} by ${name}`)
      return
    case 'dispatch_failed':
      holds(name === how && isItself, () => `${what()} by ${name}`)
      holds(attempt.agent.spec.leased, () => `${what()} at one without a lease`)
      return
    case 'undelivered':
      holds(name === 'dispatch_failed' && isItself, () => `${what()} by ${name}`)
      holds(!attempt.agent.spec.leased, () => `${what()} at one with a lease`)
      return
    case 'cancelled':
      holds((name === 'cancel' && isItself) || mayGo, () => `${what()} by ${name}`)
      return
    case 'timeout': {
      const dueMs = attempt.startedAtMs + attempt.timeoutMs
      holds(name === 'tick' && nowMs >= dueMs, () => `${what()} at ${nowMs}, due at ${dueMs}`)
      return
    }
    case 'heartbeat_timeout': {
      const dueMs = attempt.heardAtMs + attempt.task.record.cls!.queue.options.heartbeatTimeoutMs
      holds(name === 'tick' && nowMs >= dueMs, () => `${what()} at ${nowMs}, silent until ${dueMs}`)
      return
    }
    case 'deadline_expired':
      holds(name === 'tick' && nowMs >= attempt.task.deadlineAtMs, () => `${what()} at ${nowMs}`)
      return
    case 'declined':
    case 'handed_on':
      holds(name === how && isItself, () => `${what()} by ${name}`)
      return
    case 'preempted':
      holds(name === 'yielded' && isItself, () => `${what()} by ${name}`)
      return
    case 'recalled':
      holds(name === 'yielded' && isItself, () => `${what()} by ${name}`)
      holds(attempt.calledAtMs > 0, () => `${what()} and was not called back`)
      return
    case 'agent_lost': {
      const byBeat = name === 'beat' && attempt.misses >= 2 && !attempt.agent.spec.keeps
      const byLeaving = ['hello', 'bye', 'tick', 'agentLost'].includes(name)
      holds(byBeat || byLeaving, () => `${what()} by ${name}, missed ${attempt.misses}`)
    }
  }
}

/** Each outcome has its cause, and what is repeated was repeated often enough. */
export function holdsOutcome(
  door: Door,
  task: KnownTask,
  state: string,
  graphs: GraphLedger,
): void {
  const { record, failures, losses } = task
  const { name, record: about } = door
  const what = () =>
    `${nameOf(record)} is ${state} (${record.code}) by ${name}, ${failures} failures of ` +
    `${record.retryCount} + 1, ${losses} losses`
  const isItself = about === record
  const { code } = record
  const isStopped = code === 'parent_failed' || code === 'skipped'
  if (isStopped) holds(graphs.isStopped(record) && record.attempts === 0, what)
  else if (state === 'completed') {
    const isWon = graphs.wonBy(record, about) !== null
    holds((isItself && name === 'resolve') || ((isItself || isWon) && name === 'succeeded'), what)
  } else if (state === 'cancelled') {
    holds((isItself && name === 'cancel') || graphs.mayGo(record, about, name), what)
  } else if (state === 'dead') {
    // A second attempt is tried once.
    const isTwin = graphs.tieOf(record).standsFor !== null
    const { lossLimit } = record.cls!.queue.options
    holds(losses === lossLimit + 1 || (isTwin && losses === 1), what)
  } else if (state === 'expired') holds(name === 'tick', what)
  else {
    const isRule = (name === 'succeeded' || name === 'resolve') && graphs.isDeadByRule(record)
    if (isRule || (name === 'resolve' && isItself)) return
    if (name === 'declined') {
      // What waits for its second attempt alone goes with that.
      const isIts = about !== null && graphs.tieOf(about).standsFor === record
      holds((isItself || isIts) && code === 'declined', what)
      return
    }
    holds(name === 'tick' || (name === 'failed' && isItself), what)
    const { retryOn } = record.cls!.queue.options
    const isRetried = retryOn === null || retryOn.includes(record.code!)
    holds(!record.retryable || !isRetried || failures === record.retryCount + 1, what)
  }
}

/** What ended the task was said about this very attempt. */
export function holdsClaim(
  epoch: number,
  task: KnownTask,
  said: string,
  graphs: GraphLedger,
): void {
  // A letter that could not go on says so behind it.
  const claim = JSON.parse(said.slice(0, said.lastIndexOf('}') + 1)) as ResultClaim
  const { key, ended, record } = task
  if ('decision' in claim) {
    const { by } = claim as unknown as { by: string }
    holds(
      by === record.agentId,
      () => `${nameOf(record)} of ${record.agentId} was decided by ${by}`,
    )
    return
  }
  const token = `${epoch}-${ended?.counter}-`
  const isOfIt = claim.token === null || claim.token.startsWith(token)
  holds(
    isOfIt && claim.agent === record.agentId,
    () => `${nameOf(record)}, attempt ${token} of ${record.agentId}, was ended by ${said}`,
  )
  holds(
    !claim.isHonest ||
      claim.task === record.id ||
      claim.task === graphs.tieOf(record).standsFor?.id,
    () => `${nameOf(record)} was ended by a result of task ${claim.task}`,
  )
  holds(!claim.isHonest || (claim.checkpoint ?? ended!.checkpoint) === ended!.checkpoint, () => {
    return `${nameOf(record)} went on from "${claim.checkpoint}", not from "${ended!.checkpoint}"`
  })
  holds(!claim.isHonest || claim.key === '' || claim.key === key, () => {
    return `${nameOf(record)} has the payload of ${key}, its agent was sent that of ${claim.key}`
  })
}

/** As the message that brought it says it, before the front end keeps it. */
export function resultOf({ view, viewStart, resultBytes }: TaskRecord): string {
  return Buffer.from(view.subarray(viewStart, viewStart + resultBytes)).toString()
}
