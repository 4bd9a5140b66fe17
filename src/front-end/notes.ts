/**
 * What happens to a task beside its way, told as events and written into the ledger. Part of step 8,
 * main thread.
 *
 * | note      | event              | detail besides queue and task                              |
 * | --------- | ------------------ | ---------------------------------------------------------- |
 * | scheduled | none               |                                                            |
 * | ready     | none               |                                                            |
 * | boosted   | `priority_boosted` | priority, to, why: `age` or `sla`, waitedMs                |
 * |           | `starvation`       | priority, to, waitedMs: its queue's `maxAgeMs` is over     |
 * | warned    | `sla_warning`      | priority, waitedMs                                         |
 * | breached  | `sla_breach`       | priority, waitedMs                                         |
 * | moved     | `task_moved`       | why, to: the queue; from: where it was                     |
 *
 * Invariant: nothing here changes the task or the core.
 */
import type { Note } from '../policy/state.ts'
import type { TaskRecord } from '../policy/task-record.ts'
import type { EventSink } from './complete.ts'
import type { FrontEndContext } from './context.ts'

export function tellNote(
  context: FrontEndContext,
  event: EventSink,
  record: TaskRecord,
  note: Note,
  detail: string,
): void {
  write(context, record, note, detail)
  if (note === 'scheduled' || note === 'ready') return
  const about = aboutTask(record)
  const waitedMs = context.nowMs - record.readyAtMs
  const { baseLevel: priority, level } = record
  switch (note) {
    case 'boosted':
      if (detail === 'max_age') {
        const message = `Starvation prevention: ${about.queue}`
        event('starvation', { ...about, priority, to: level, waitedMs, message })
      } else event('priority_boosted', { ...about, priority, to: level, why: detail, waitedMs })
      return
    case 'warned':
      event('sla_warning', { ...about, priority, waitedMs, message: `SLA warning: ${about.task}` })
      return
    case 'breached':
      event('sla_breach', { ...about, priority, waitedMs, message: `SLA BREACH: ${about.task}` })
      return
    case 'moved': {
      const [why, to] = detail.split(': ')
      const from = record.extras?.failedDestinations.at(-1) ?? record.queueName
      event('task_moved', { ...about, why, from, to })
      return
    }
    default:
  }
}

/** Who serves it stands in its events. *Cost* a text when its id is made up. */
export function aboutTask(record: TaskRecord): { queue: string; task: string } {
  return { queue: record.cls!.queue.name, task: record.id }
}

function write(context: FrontEndContext, record: TaskRecord, note: Note, detail: string): void {
  const { ledger, nowMs } = context
  if (ledger === undefined) return
  const { writer } = ledger
  switch (note) {
    case 'scheduled':
      // That of a delay is told with its acceptance, which is yet to come.
      if (detail === 'retry') {
        writer.scheduled(record, 0, record.extras!.phase!.dueMs - nowMs, nowMs)
      }
      return
    case 'ready':
      writer.ready(record, nowMs)
      return
    case 'boosted':
      writer.boosted(record, detail, nowMs)
      return
    case 'warned':
      writer.warned(record, nowMs)
      return
    case 'breached':
      writer.breached(record, nowMs)
      return
    case 'moved':
      writer.moved(record, detail, nowMs)
      return
    default:
  }
}
