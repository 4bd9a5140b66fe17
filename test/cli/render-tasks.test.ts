/** A task and lists of tasks as text: what is said, at 80 columns, with nothing harmful. */
import { expect, test } from 'vitest'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import { taskLines, taskListLines } from '../../src/cli/render/task.ts'
import type { TaskRow, TaskView } from '../../src/task.ts'

const COLUMNS = 80
const NASTY = 'a\u001b[31mb\u001b]0;title\u0007c\u009b2Jd\r\n\u202ee\u0000'
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

const TASK: TaskView = {
  id: 'order-1',
  queue: 'demo',
  state: 'failed',
  priority: 4,
  type: 'scan',
  requires: ['gpu>=24', 'ocr'],
  prefers: ['near'],
  match: 'best_fit',
  strategy: 'least_loaded',
  attempts: 3,
  agent: null,
  waitingFor: null,
  code: 'api_error',
  message: NASTY,
  payloadBytes: 2_048,
  resultBytes: 5,
  result: `1\n${NASTY}`,
  progress: NASTY,
  servedBy: 'demo',
  failedDestinations: [],
  effectivePriority: 4,
  sla: null,
  preemptions: 0,
  dependsOn: [],
  flow: null,
  node: null,
  stages: [],
  standsFor: null,
  votes: [],
  claimed: null,
  deadLetter: 'demo',
  scheduledFor: null,
  slaDueAt: null,
  deadlineAt: null,
  acceptedAt: 1_700_000_000_000,
  startedAt: 1_700_000_000_100,
  finishedAt: 1_700_000_002_600,
}

function expectFits(lines: string[]): void {
  expect(lines.filter((line) => line.length > COLUMNS)).toEqual([])
  expect(lines.filter((line) => CONTROLS.test(line))).toEqual([])
}

test('task: what it came to, with nothing harmful in it', () => {
  const lines = taskLines(TASK, NO_COLORS)
  const text = lines.join('\n')
  expect(text).toMatch(/^Task order-1 in demo\n {2}state +failed\n/)
  expect(text).toMatch(/error +api_error: abcd e/)
  expect(text).toMatch(/waited +100 ms\n +worked +2\.5 s/)
  expect(lines.at(-2)).toBe('abcd')
  expectFits(lines)
})

test('task: a person works from the claim on, and a task waits from when it could be tried', () => {
  const entry = (at: number, what: string) => {
    return { at: TASK.acceptedAt + at, what, attempt: 1, agent: 'alice', detail: '' }
  }
  const history = [entry(0, 'accepted'), entry(90, 'ready'), entry(100, 'assigned')]
  expect(taskLines(TASK, NO_COLORS).join('\n')).toMatch(/waited +100 ms\n +worked +2\.5 s\n/)
  const text = taskLines(TASK, NO_COLORS, [...history, entry(2_100, 'claimed')]).join('\n')
  expect(text).toMatch(/waited +10 ms\n +in an inbox +2\.0 s\n +worked +500 ms\n/)
  // An earlier attempt's claim is not the last one's.
  const again = [entry(10, 'claimed'), ...history]
  expect(taskLines(TASK, NO_COLORS, again).join('\n')).toMatch(/waited +10 ms\n +worked +2\.5 s/)
})

test('tasks: ids that differ at their end can be told apart when they are cut', () => {
  const queue = 'q'.repeat(30)
  const ids = [1, 2].map((n) => `${'an-id-of-many-words-'.repeat(3)}${n}`)
  const rows = ids.map((id) => ({ ...TASK, id, queue }))
  const [, first, second] = taskListLines(rows, TASK.acceptedAt, COLUMNS, NO_COLORS)
  expect(first).toMatch(/^ {2}an-id-\S*…\S*words-1 /)
  expect(second).toMatch(/words-2 /)
  expectFits([first, second])
})

test('tasks: nothing is cut where there is room', () => {
  const queue = 'predicate_ranking'
  const one = { ...TASK, queue, state: 'pending' as const, code: null, waitingFor: 'nobody' }
  const [, line] = taskListLines([one], TASK.acceptedAt, COLUMNS, NO_COLORS)
  expect(line).toMatch(/^ {2}order-1 {2}predicate_ranking {2}pending .* nobody$/)
})

test('tasks: what a task waits for goes before the error that it had', () => {
  const code = 'ttl_expired'
  const one = { ...TASK, state: 'pending' as const, code, waitingFor: 'nobody serves supervisor' }
  expect(taskListLines([one], TASK.acceptedAt, COLUMNS, NO_COLORS)[1]).toMatch(/ nobody serves /)
})

test('tasks: a line each, who has it or why not, cut to the terminal', () => {
  const { result: _, ...row } = TASK
  const open = { ...row, id: 'x'.repeat(64), queue: 'y'.repeat(64), code: null, finishedAt: null }
  const tasks: TaskRow[] = [
    { ...open, state: 'processing', agent: 'reader', acceptedAt: TASK.acceptedAt - 3_599_000 },
    { ...open, state: 'pending', agent: null, waitingFor: `no agent offers ${NASTY}` },
    row,
  ]
  const nowMs = TASK.acceptedAt + 1_500
  const lines = taskListLines(tasks, nowMs, COLUMNS, NO_COLORS)
  expect(lines[0]).toMatch(/^ {2}task +queue +state +tries +age {2}agent\/reason$/)
  expect(lines[1]).toMatch(/^ {2}x{5,}…x{5,} {2}y{7,}… {2}processing +\d {2}1 h 0 min {2}reader$/)
  expect(lines[2]).toMatch(/ {2}pending +\d +1\.5 s {2}no agent[ a-z]*…$/)
  expect(lines[3]).toMatch(/^ {2}order-1 +demo +failed +\d +1\.5 s {2}api_error$/)
  expectFits(lines)
  const wide = taskListLines(tasks, nowMs, 120, NO_COLORS)
  expect(wide[2]).toMatch(/no agent offers abcd e$/)
  expect(taskListLines([], nowMs, COLUMNS, NO_COLORS)[0]).toMatch(/^No such tasks\./)
})
