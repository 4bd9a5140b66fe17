/** As mutations.ts, of what queues and tasks promise. */
import { type Found, find, type Mutation, pairOf, submitOf } from './mutations.ts'
import type { Row } from './rows.ts'

const isNote =
  (...notes: string[]) =>
  (row: Row) =>
    row.kind === 'NOTED' && notes.includes(row.note as string)

/** The next that is said of the row's task. */
function nextOf(rows: readonly Row[], index: number): Row | undefined {
  return rows.slice(index + 1).find(({ task }) => task === rows[index].task)
}

function promise(
  finds: string,
  what: string,
  is: Found,
  act: (rows: Row[], index: number) => void,
): Mutation {
  const change = (rows: Row[]) => {
    const index = find(rows, is)
    if (index >= 0) act(rows, index)
    return index >= 0
  }
  return { finds, what, change }
}

type Options = Record<string, unknown>

/** Every queue is said to have had other options, from the start and whenever it was configured. */
function configured(finds: string, what: string, change: (options: Options) => void): Mutation {
  return {
    finds,
    what,
    change(rows) {
      const facts = JSON.parse(rows[0].facts as string)
      for (const options of Object.values<Options>(facts.policy.queues)) change(options)
      change(facts.policy.queueDefaults)
      rows[0].facts = JSON.stringify(facts)
      for (const row of rows) {
        if (row.kind !== 'CONFIGURE') continue
        const options = JSON.parse(row.options as string) as Options
        change(options)
        row.options = JSON.stringify(options)
      }
      return true
    },
  }
}

/** Another time than it was, where it is any. */
const later = (option: string) => (options: Options) => {
  if (options[option] !== 0) options[option] = (options[option] as number) + 10_000
}

const isRetry: Found = (row, i, rows) =>
  isNote('scheduled')(row) && row.detail === 'retry' && nextOf(rows, i)?.note === 'ready'
const isReadyAndOut: Found = (row, i, rows) =>
  isNote('ready')(row) && nextOf(rows, i)?.kind === 'OFFER'
const isOffer: Found = (row) => row.kind === 'OFFER'
const isYield: Found = (row, i, rows) => row.kind === 'YIELD' && rows[i + 1]?.how === 'preempted'
const isLetter: Found = (row) => row.kind === 'DEAD_LETTER'
const isTtl: Found = (row) => row.kind === 'DEAD_LETTER' && row.code === 'ttl_expired'

/** Overdue and expired where it came in, of a queue whose options stayed as they were. */
const isOverdueAndExpires: Found = (row, i, rows) => {
  if (!isNote('breached')(row)) return false
  const end = rows.findIndex((one, at) => at > i && one.task === row.task && isTtl(one, at, rows))
  const begin = rows.findIndex((one) => one.kind === 'SUBMIT' && one.task === row.task)
  const between = rows.slice(begin, end)
  const about = between.filter(({ task }) => task === row.task)
  const isSteady = !between.some(({ kind }) => kind === 'CONFIGURE')
  return (
    end > i && isSteady && !about.some(({ kind, note }) => kind === 'OFFER' || note === 'moved')
  )
}

export const PROMISE_MUTATIONS: readonly Mutation[] = [
  promise('untimely', 'a retry is put off for longer', isRetry, (rows, i) => {
    rows[i].untilMs = (rows[i].untilMs as number) + 7
  }),
  promise('untimely', 'a retry does not wait', isRetry, (rows, i) => {
    const ready = rows.indexOf(nextOf(rows, i)!)
    rows.splice(ready, 1)
    rows.splice(i, 1)
  }),
  promise('untimely', 'a delayed task is ready at once', isRetry, (rows, i) => {
    const [ready] = rows.splice(rows.indexOf(nextOf(rows, i)!), 1)
    rows.splice(i + 1, 0, ready)
  }),
  promise('doubled', 'a task goes out and was not ready', isReadyAndOut, (rows, i) => {
    rows.splice(i, 1)
  }),
  promise('untimely', 'a paused queue gives out', isOffer, (rows, i) => {
    const { queue } = submitOf(rows, rows[i].task)
    rows.splice(i, 0, { kind: 'PAUSE', answer: '', queue }, { kind: 'PAUSED', queue, isPaused: 1 })
  }),
  configured('miscounted', 'a queue has more in hand than it may', (options) => {
    options.concurrency = 1
  }),
  {
    finds: 'overtaken',
    what: 'a task that is due is passed over',
    change(rows) {
      const pair = pairOf(rows)
      if (pair === undefined) return false
      submitOf(rows, pair[1]).own = '|1|||0'
      return true
    },
  },
  promise('uncaused', 'a task moves elsewhere', isNote('moved'), (rows, i) => {
    rows[i].detail = `${(rows[i].detail as string).split(':')[0]}: nowhere`
  }),
  promise('uncaused', 'a task escalates without cause', isOffer, (rows, i) => {
    const moved = { kind: 'NOTED', task: rows[i].task, note: 'moved', detail: 'escalation: desk' }
    rows.splice(i, 0, { ...moved, level: 3, dueMs: 0, untilMs: 0 })
  }),
  promise('miscounted', 'a dead letter is missing', isLetter, (rows, i) => rows.splice(i, 1)),
  promise('miscounted', 'a dead letter is written twice', isLetter, (rows, i) => {
    rows.splice(i, 0, { ...rows[i] })
  }),
  promise('miscounted', 'a dead letter has another name', isLetter, (rows, i) => {
    rows[i].name = 'elsewhere'
  }),
  promise(
    'miscounted',
    'a completed task leaves a dead letter',
    (row) => row.kind === 'OUTCOME' && row.state === 3,
    (rows, i) => {
      const { task } = rows[i]
      const name = submitOf(rows, task).queue
      rows.splice(i, 0, { kind: 'DEAD_LETTER', task, name, code: '' })
    },
  ),
  promise('uncaused', 'a task stops and was not asked to', isYield, (rows, i) => {
    const { task } = rows[i]
    const asked = rows.findLastIndex(
      (row, at) => at < i && row.kind === 'PREEMPT' && row.task === task,
    )
    rows.splice(asked, 1)
  }),
  configured('miscounted', 'a task is interrupted too often', (options) => {
    options.preemptionsMax = 0
  }),
  {
    finds: 'uncaused',
    what: 'agents are interrupted that do not allow it',
    change(rows) {
      for (const row of rows) if (row.kind === 'HELLO') row.preemptible = 0
      return true
    },
  },
  promise('uncaused', 'a task expires and was not overdue before', isOverdueAndExpires, (rows, i) =>
    rows.splice(i, 1),
  ),
  configured('untimely', 'tasks expire before they have waited for so long', later('ttlMs')),
  configured(
    'untimely',
    'attempts are given up before they were silent',
    later('heartbeatTimeoutMs'),
  ),
  configured('untimely', 'tasks expire before their deadline', later('deadlineMs')),
  configured('lost', 'what is not to be retried is', (options) => {
    options.retryOn = []
  }),
  promise('untimely', 'a task rises too high', isNote('boosted'), (rows, i) => {
    rows[i].level = 5
  }),
  promise('untimely', 'a task is warned of too early', isNote('ready'), (rows, i) => {
    const warned = { kind: 'NOTED', task: rows[i].task, note: 'warned', detail: '', level: 3 }
    rows.splice(i + 1, 0, { ...warned, dueMs: 0, untilMs: 0 })
  }),
]
