/** What can be wrong in a journal: each change makes an unsound journal of a sound one. */
import type { Row } from './rows.ts'

export interface Mutation {
  /** The kind of finding that tells it; there may be others in its wake. */
  readonly finds: string
  readonly what: string
  /** Changes the rows in place. @returns false when there is nothing to change. */
  change(rows: Row[]): boolean
}

export type Found = (row: Row, index: number, rows: readonly Row[]) => boolean

/** Of several the one in the middle, where journals are at their liveliest. */
export function find(rows: readonly Row[], is: Found): number {
  const found = rows.map((row, i) => (is(row, i, rows) ? i : -1)).filter((i) => i >= 0)
  return found.length === 0 ? -1 : found[Math.floor(found.length / 2)]
}

const kind =
  (...kinds: string[]) =>
  (row: Row) =>
    kinds.includes(row.kind)
const committed: Found = (row) => row.kind === 'PROPOSE' && row.answer === 0
const committedPlain: Found = (row, i, rows) =>
  committed(row, i, rows) && isPlain(submitOf(rows, row.task))
/** By what an agent said, or its loss, not by time alone. */
const isEnd: Found = (row) => row.kind === 'OUTCOME' && row.state !== 9
const bound: Found = (row) => row.kind === 'PROPOSE' && row.answer === 3
/** Bound, and the next that is said of the task is that it begins. */
const boundAndBegun: Found = (row, i, rows) =>
  bound(row, i, rows) && rows.slice(i + 1).find(({ task }) => task === row.task)?.kind === 'START'

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

const drop = (finds: string, what: string, is: Found) =>
  at(finds, what, is, (rows, i) => rows.splice(i, 1))
const double = (finds: string, what: string, is: Found) =>
  at(finds, what, is, (rows, i) => rows.splice(i, 0, { ...rows[i] }))
const edit = (finds: string, what: string, is: Found, act: (row: Row, rows: Row[]) => void) =>
  at(finds, what, is, (rows, i) => act(rows[i], rows))

/** Every later record of the attempt names another agent too, so nothing contradicts the proposal. */
function giveTo(rows: Row[], proposal: Row, agent: number, agentGeneration: number): void {
  const { counter } = proposal
  for (const row of rows) if (row.counter === counter) row.agent = agent
  Object.assign(proposal, { agent, agentGeneration })
}

export function submitOf(rows: readonly Row[], task: Row[string]): Row {
  return rows.find((row) => row.kind === 'SUBMIT' && row.answer === '' && row.task === task)!
}

/** An agent that does not serve the proposal's queue and is there all the time until then. */
function strangerTo(rows: readonly Row[], index: number): Row | undefined {
  const { queue } = submitOf(rows, rows[index].task)
  const before = rows.slice(0, index)
  const isLast = (row: Row, i: number) =>
    before.slice(i + 1).every((later) => later.kind !== 'HELLO' || later.agent !== row.agent)
  const serves = (row: Row) =>
    ['*', queue].some((name) => `${row.queues}`.split(',').includes(`${name}`))
  return before.find(
    (row, i) =>
      row.kind === 'HELLO' &&
      row.answer === '' &&
      !serves(row) &&
      isLast(row, i) &&
      !before
        .slice(i)
        .some(
          (later) =>
            (later.kind === 'AGENT_DOWN' && later.agent === row.agent) ||
            (later.kind === 'DRAIN' && later.id === row.id),
        ),
  )
}

/** Of a queue that promises nothing, so that tasks go in the order in which they came. */
function isPlain({ queue, own }: Row): boolean {
  return own === '' && (queue === 'q' || queue === 's')
}

/** Two tasks of one lane of which the first was sent while the second waited, both for the first time. */
export function pairOf(rows: readonly Row[]): [number, number] | undefined {
  const waiting: Row[] = []
  const gone = new Set<Row[string]>()
  for (const row of rows) {
    if (row.kind === 'SUBMIT' && row.answer === '') waiting.push(row)
    if (row.kind === 'CANCEL') gone.add(row.task)
    if (row.kind !== 'OFFER' || gone.has(row.task)) continue
    gone.add(row.task)
    const first = submitOf(rows, row.task)
    if (!isPlain(first)) continue
    const isPeer = (other: Row) =>
      !gone.has(other.task) &&
      isPlain(other) &&
      ['queue', 'requires', 'level'].every((field) => other[field] === first[field])
    const second = waiting.find((other) => isPeer(other))
    if (second !== undefined) return [row.task as number, second.task as number]
  }
  return undefined
}

const swapOrder: Mutation = {
  finds: 'overtaken',
  what: 'two tasks of a lane change places',
  change(rows) {
    const pair = pairOf(rows)
    if (pair === undefined) return false
    const [one, two] = pair
    for (const row of rows) {
      if (row.kind === 'SUBMIT' || row.kind === 'FORGOTTEN') continue
      if (row.task === one) row.task = two
      else if (row.task === two) row.task = one
    }
    return true
  },
}

const isTimeout: Found = (row) => row.kind === 'ENDED' && row.how === 'timeout'
const isFinalFailure: Found = (row, i, rows) =>
  row.kind === 'FAILED' &&
  row.retryable === 0 &&
  rows[i + 3]?.kind === 'OUTCOME' &&
  rows[i + 3].attempts === 1
const isFinalEnd: Found = (row, i, rows) => row.kind === 'ENDED' && rows[i + 1]?.kind === 'OUTCOME'
const isLossOfLeaver: Found = (row, i, rows) =>
  row.kind === 'ENDED' && row.how === 'agent_lost' && rows[i + 1]?.kind === 'AGENT_DOWN'

const isUnboundOfLeaver: Found = (row, i, rows) => {
  const next = rows.slice(i).find(({ kind }) => kind !== 'UNBOUND' && kind !== 'ENDED')
  return row.kind === 'UNBOUND' && next?.kind === 'AGENT_DOWN' && next.agent === row.agent
}

export const MUTATIONS: readonly Mutation[] = [
  drop('lost', 'an outcome is missing', kind('OUTCOME')),
  double('doubled', 'an outcome comes twice', kind('OUTCOME')),
  edit('miscounted', 'an outcome is of another state', isEnd, (row) => {
    row.state = row.state === 3 ? 6 : 3
  }),
  edit('miscounted', 'an outcome has another code', isEnd, (row) => {
    row.code = `not ${row.code}`
  }),
  edit('miscounted', 'an outcome has one attempt more', kind('OUTCOME'), (row) => {
    row.attempts = (row.attempts as number) + 1
  }),
  at('uncaused', 'an outcome comes before its cause', kind('OUTCOME'), (rows, i) => {
    const [row] = rows.splice(i, 1)
    const cause = rows.findLastIndex(
      (one, at) =>
        at < i &&
        [
          'CANCEL',
          'SUCCEEDED',
          'FAILED',
          'TICK',
          'DISPATCH_FAILED',
          'BEAT',
          'BYE',
          'HELLO',
        ].includes(one.kind),
    )
    rows.splice(cause, 0, row)
  }),
  drop('uncaused', 'an attempt does not end', isFinalEnd),
  double('uncaused', 'an attempt ends twice', kind('ENDED')),
  edit('uncaused', 'an attempt ends in another way', kind('ENDED'), (row) => {
    row.how = row.how === 'succeeded' ? 'failed' : 'succeeded'
  }),
  edit('doubled', 'an attempt ends at another agent', kind('ENDED'), (row) => {
    row.agent = (row.agent as number) + 1
  }),
  edit('uncaused', 'a time-out comes early', isTimeout, (row, rows) => {
    const submit = submitOf(rows, row.task)
    submit.timeoutMs = (submit.timeoutMs as number) + 1_000
  }),
  drop('lost', 'an agent leaves and its attempt does not end', isLossOfLeaver),
  edit('doubled', 'a token is raised', committed, (row) => {
    row.counter = (row.counter as number) + 1
  }),
  edit('doubled', 'a token is given again', committed, (row, rows) => {
    const before = (row.counter as number) - 1
    for (const one of rows) if (one.counter === row.counter) one.counter = before
  }),
  edit('doubled', 'a proposal for an old offer is committed', committed, (row) => {
    row.generation = (row.generation as number) - 1
  }),
  edit('mis-assigned', 'a proposal for another instance is committed', committed, (row) => {
    row.agentGeneration = (row.agentGeneration as number) - 1
  }),
  at(
    'mis-assigned',
    'a task goes to an agent that does not serve its queue',
    (row, i, rows) => committed(row, i, rows) && strangerTo(rows, i) !== undefined,
    (rows, i) => {
      const { agent, generation } = strangerTo(rows, i)!
      giveTo(rows, rows[i], agent as number, generation as number)
    },
  ),
  edit('mis-assigned', 'a task requires what its agent lacks', committedPlain, (row, rows) => {
    submitOf(rows, row.task).requires = 'teleport'
  }),
  edit('mis-assigned', 'a task goes to an agent that nobody knows', committed, (row, rows) => {
    giveTo(rows, row, 999, 1)
  }),
  at('mis-assigned', 'a task goes to an agent that drains', committed, (rows, i) => {
    const { agent } = rows[i]
    const { id } = rows.slice(0, i).findLast((row) => row.kind === 'HELLO' && row.agent === agent)!
    rows.splice(i, 0, { kind: 'DRAIN', answer: '', id }, { kind: 'DRAINING', agent })
  }),
  {
    finds: 'mis-assigned',
    what: 'agents have less concurrency than they were given work',
    change(rows) {
      for (const row of rows) if (row.kind === 'HELLO') row.concurrency = 1
      return true
    },
  },
  {
    finds: 'mis-assigned',
    what: 'agents have asked for less than they were given',
    change(rows) {
      for (const row of rows) if (row.kind === 'PULL') row.count = 0
      return true
    },
  },
  {
    finds: 'mis-assigned',
    what: 'agents are not prefetched what they were given',
    change(rows) {
      for (const row of rows) if (row.kind === 'PREFETCH') row.count = 0
      return true
    },
  },
  {
    finds: 'uncaused',
    what: 'what was repeated is of agents that do not keep',
    change(rows) {
      for (const row of rows) if (row.kind === 'HELLO') row.keeps = 0
      return true
    },
  },
  edit('doubled', 'another attempt is repeated', kind('REPEAT'), (row) => {
    row.counter = (row.counter as number) + 1
  }),
  edit('doubled', 'an attempt is repeated at another agent', kind('REPEAT'), (row) => {
    row.agent = ((row.agent as number) + 1) % 4
  }),
  edit('mis-assigned', 'a bound task begins at another agent', kind('START'), (row, rows) => {
    const { agent } = rows.find((one) => one.kind === 'HELLO' && one.agent !== row.agent)!
    for (const one of rows) if (one.counter === row.counter) one.agent = agent
  }),
  edit(
    'mis-assigned',
    'a task is bound to an agent that lacks what it requires',
    bound,
    (row, rows) => {
      const submit = submitOf(rows, row.task)
      Object.assign(submit, { requires: 'memory>=1000', routing: '|exact||' })
    },
  ),
  drop('doubled', 'a task begins and was not bound', boundAndBegun),
  double('doubled', 'a bound task begins twice', kind('START')),
  drop('uncaused', 'the beginning of a bound task is missing', kind('START')),
  drop('lost', 'an agent leaves and what is bound to it stays', isUnboundOfLeaver),
  at(
    'doubled',
    'a bound task goes back to its lane and begins all the same',
    boundAndBegun,
    (rows, i) => {
      const { task, agent } = rows[i]
      rows.splice(i + 1, 0, { kind: 'UNBOUND', task, agent })
    },
  ),
  at('mis-assigned', 'tasks of a queue that binds late are bound', bound, (rows, i) => {
    const { queue } = submitOf(rows, rows[i].task)
    rows.splice(i, 0, { kind: 'BINDING', answer: '', queue, isEarly: 0 })
  }),
  drop('mis-assigned', 'an agent is not told to have come', kind('AGENT_UP')),
  drop('doubled', 'a task is never accepted', (row) => row.kind === 'SUBMIT' && row.answer === ''),
  drop('doubled', 'a task does not come back from an offer', kind('BOUNCE')),
  drop('doubled', 'an offer is missing', kind('OFFER')),
  double('doubled', 'an offer is made twice', kind('OFFER')),
  drop('uncaused', 'a commit is missing', committed),
  double('doubled', 'a commit comes twice', committed),
  swapOrder,
  edit('miscounted', 'a failure that may be repeated is final', isFinalFailure, (row) => {
    row.retryable = 1
  }),
  at('lost', 'an open task is forgotten', kind('OFFER'), (rows, i) => {
    rows.splice(i, 0, { kind: 'FORGOTTEN', task: rows[i].task })
  }),
  at('overtaken', 'a task of a higher level is passed over', kind('OFFER'), (rows, i) => {
    const submit = submitOf(rows, rows[i].task)
    const level = submit.level as number
    const other = { ...submit, task: 1_000_000, id: 'higher', level: level + 1 }
    submit.level = Math.min(level, 4)
    rows.splice(i, 0, { ...other, level: 5 })
    // Numbers of tasks rise; those that come later are numbered higher still.
    for (const row of rows.slice(i + 1)) if (row.kind === 'SUBMIT') renumber(rows, row)
  }),
]

function renumber(rows: Row[], submit: Row): void {
  const { task } = submit
  for (const row of rows) if (row.task === task) row.task = 2_000_000 + (task as number)
}
