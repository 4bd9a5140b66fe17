/** As mutations.ts, of tasks that change hands, and of agents that may have less than they say. */
import { type Found, find, type Mutation, submitOf } from './mutations.ts'
import type { Row } from './rows.ts'

const of =
  (kind: string): Found =>
  (row) =>
    row.kind === kind
const begins: Found = (row) => row.kind === 'STEAL' && row.slot !== -1
const waits: Found = (row) => row.kind === 'STEAL' && row.slot === -1
const goesOn: Found = (row) => row.kind === 'YIELD' && row.agent !== -1
const isBack: Found = (row) => row.kind === 'ENDED' && row.how === 'recalled'

function at(
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

/** The agent's id, as it said last. */
function idOf(rows: readonly Row[], index: number, agent: Row[string]): Row[string] {
  return rows.slice(0, index).findLast((row) => row.kind === 'HELLO' && row.agent === agent)!.id
}

/** Before the record, the agent that it names is limited. */
const limited = (what: string, is: Found, limit: number): Mutation =>
  at('mis-assigned', what, is, (rows, i) => {
    const id = idOf(rows, i, rows[i].agent)
    rows.splice(i, 0, { kind: 'LIMIT', answer: '', id, limit })
  })

/** The task was of a level that is never moved, and of a higher one at each wait. */
const protect = (what: string, is: Found): Mutation =>
  at('mis-assigned', what, is, (rows, i) => {
    submitOf(rows, rows[i].task).level = 4
  })

/** Where the task was before the record. */
function holderOf(rows: readonly Row[], index: number): Row[string] {
  const { task } = rows[index]
  const isIts = (row: Row) => {
    return row.task === task && (row.kind === 'STEAL' || row.kind === 'PROPOSE')
  }
  return rows.slice(0, index).findLast(isIts)!.agent
}

export const MOVE_MUTATIONS: readonly Mutation[] = [
  protect('a task that is protected is stolen', of('STEAL')),
  protect('a task that is protected is called back', of('RECALL')),
  at('doubled', 'a task that is not bound is stolen', of('STEAL'), (rows, i) => {
    const { task } = rows[i]
    rows.splice(i, 0, { kind: 'UNBOUND', task, agent: holderOf(rows, i) })
  }),
  at('doubled', 'a task is stolen twice', begins, (rows, i) => rows.splice(i, 0, { ...rows[i] })),
  at('doubled', 'a task that was stolen begins at both', begins, (rows, i) => {
    const { task, slot, counter } = rows[i]
    const later = { slot: (slot as number) + 500, counter: (counter as number) + 0.5 }
    const start = { ...rows[i], kind: 'START', task, ...later, counter: counter as number }
    rows.splice(i + 2, 0, start)
  }),
  at('mis-assigned', 'a task is stolen by who has it', of('STEAL'), (rows, i) => {
    rows[i].agent = holderOf(rows, i)
  }),
  at('mis-assigned', 'a thief lacks what the task requires', of('STEAL'), (rows, i) => {
    submitOf(rows, rows[i].task).requires = 'teleport'
  }),
  at('mis-assigned', 'a task is stolen for an agent that drains', of('STEAL'), (rows, i) => {
    const { agent } = rows[i]
    const id = idOf(rows, i, agent)
    rows.splice(i, 0, { kind: 'DRAIN', answer: '', id }, { kind: 'DRAINING', agent })
  }),
  limited('a task is stolen for an agent that may have nothing', of('STEAL'), 0),
  limited('a task is to wait at an agent that is limited', waits, 1),
  limited('a task is bound to one that may have nothing', boundPlain, 0),
  limited('a task goes to one that may have nothing', committed, 0),
  {
    finds: 'mis-assigned',
    what: 'agents may have one at a time and were given more',
    change(rows) {
      const ups = rows.filter(({ kind }) => kind === 'AGENT_UP')
      for (const { id } of ups) {
        const i = rows.findIndex((row) => row.kind === 'AGENT_UP' && row.id === id)
        rows.splice(i + 1, 0, { kind: 'LIMIT', answer: '', id, limit: 1 })
      }
      return ups.length > 0
    },
  },
  {
    finds: 'mis-assigned',
    what: 'agents had work of others and were given as much as without',
    change(rows) {
      for (const row of rows) if (row.kind === 'BEAT') row.foreign = 60_000
      return true
    },
  },
  at('uncaused', 'an attempt is handed back that nobody called back', isBack, (rows, i) => {
    const { counter } = rows[i]
    const asked = rows.findIndex((row) => row.kind === 'CALL_BACK' && row.counter === counter)
    rows.splice(asked - 1, 2)
  }),
  {
    finds: 'uncaused',
    what: 'attempts are called back from agents that do not allow it',
    change(rows) {
      for (const row of rows) if (row.kind === 'HELLO') row.recalls = 0
      return true
    },
  },
  {
    finds: 'uncaused',
    what: 'attempts are called back that have surely begun',
    change(rows) {
      for (const row of rows) if (row.kind === 'HELLO') row.concurrency = 5_000
      return true
    },
  },
  at('lost', 'what was handed back goes on all the same', isBack, (rows, i) => {
    rows.splice(i, 1)
  }),
  at('uncaused', 'an attempt ends as handed back by its success', succeeded, (rows, i) => {
    rows[i].how = 'recalled'
  }),
  at('mis-assigned', 'it begins at another than it was called back for', goesOn, (rows, i) => {
    const { agent } = rows[i]
    rows[i].agent = rows.find((row) => row.kind === 'HELLO' && row.agent !== agent)!.agent
  }),
  at('doubled', 'it begins elsewhere under the token that it had', goesOn, (rows, i) => {
    rows[i].counter = rows[i + 1].counter
  }),
  at('miscounted', 'what was handed back counts as a failure', isBackOfDead, (rows, i) => {
    const { task } = rows[i]
    const outcome = rows.find((row) => row.kind === 'OUTCOME' && row.task === task)!
    outcome.attempts = (outcome.attempts as number) - 1
  }),
]

function committed(row: Row): boolean {
  return row.kind === 'PROPOSE' && row.answer === 0
}

function boundPlain(row: Row): boolean {
  return row.kind === 'PROPOSE' && row.answer === 3
}

function succeeded(row: Row): boolean {
  return row.kind === 'ENDED' && row.how === 'succeeded'
}

/** Handed back, and the task has its outcome later in the journal. */
function isBackOfDead(row: Row, _: number, rows: readonly Row[]): boolean {
  if (row.kind !== 'ENDED' || row.how !== 'recalled') return false
  return rows.some((one) => one.kind === 'OUTCOME' && one.task === row.task)
}
