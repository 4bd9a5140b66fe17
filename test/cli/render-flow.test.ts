/** Flows as text and as drawings: what is said, at 80 columns, with nothing harmful. */
import { expect, test } from 'vitest'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import { flowLines, flowListLines } from '../../src/cli/render/flow.ts'
import { duration } from '../../src/cli/render/text.ts'
import type { FlowTaskView, FlowView } from '../../src/flow-views.ts'
import { dotOf, mermaidOf } from '../../src/flows/drawing.ts'
import { byLayer, layersOf } from '../../src/flows/graph.ts'

const AT = 1_700_000_000_000
const NOW = AT + 12_300
const COLUMNS = 80
const NASTY = 'a\u001b[31mb\u001b]0;title\u0007c\u009b2Jd\r\n\u202ee"]}\u0000'
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

type Given = Partial<FlowTaskView> & { name: string; after?: string[] }

function flow(given: readonly Given[]): FlowView {
  const at = new Map(given.map(({ name }, i) => [name, i]))
  const layers = layersOf(given.map(({ after = [] }) => after.map((name) => at.get(name)!)))
  const tasks = given.map(
    (task, i): FlowTaskView => ({
      id: `id-${task.name}`,
      queue: 'q',
      servedBy: 'q',
      state: 'blocked',
      after: [],
      agent: null,
      attempts: 0,
      code: null,
      message: null,
      startedAt: null,
      finishedAt: null,
      ...task,
      layer: layers[i],
    }),
  )
  const states: FlowView['progress']['states'] = {}
  for (const { state } of tasks) states[state] = (states[state] ?? 0) + 1
  const done = states.completed ?? 0
  const total = tasks.length
  return {
    id: 'report-7',
    queue: 'q',
    state: 'running',
    progress: { total, done, share: done / total, states },
    layers: byLayer(
      tasks.map(({ name }) => name),
      layers,
    ),
    tasks,
    acceptedAt: AT,
    finishedAt: null,
  }
}

const DONE = { state: 'completed', agent: 'ocr-1', startedAt: AT, finishedAt: AT + 1_200 } as const

function linesOf(view: FlowView): string[] {
  const lines = flowLines(view, NOW, COLUMNS, NO_COLORS)
  expect(lines.filter((line) => line.length > COLUMNS)).toEqual([])
  expect(lines.filter((line) => CONTROLS.test(line))).toEqual([])
  return lines
}

test('flow: how far it is, then each task once, below the deepest that it comes after', () => {
  const view = flow([
    { name: 'extract', ...DONE },
    { name: 'left', after: ['extract'], ...DONE, attempts: 2 },
    {
      name: 'right',
      after: ['extract'],
      state: 'processing',
      agent: 'ocr-2',
      startedAt: NOW - 500,
    },
    { name: 'join', after: ['left', 'right'] },
  ])
  expect(linesOf(view)).toEqual([
    'Flow report-7 is running in q',
    '  ████████████░░░░░░░░░░░░  2 of 4  50 %  12.3 s',
    '  1 processing, 1 blocked, 2 completed; 3 layers, at most 2 at a time',
    '',
    '  ✓ extract     completed  ocr-1  1.2 s',
    '  ├─ ✓ left     completed  ocr-1  1.2 s  2 attempts',
    '  │  └─ · join  blocked  also after right',
    '  └─ ● right    processing  ocr-2  500 ms',
  ])
})

test('flow: that its tasks had no room in a message is one line, and is said in drawings', () => {
  const whole = flow([
    { name: 'a', ...DONE },
    { name: 'b', after: ['a'] },
  ])
  const view: FlowView = { ...whole, layers: [], tasks: [], tasksOmitted: true }
  expect(linesOf(view).slice(2)).toEqual([
    '  1 blocked, 1 completed',
    '',
    '  Its tasks have no room in a NATS message: ask over HTTP, or raise max_payload.',
  ])
  for (const drawing of [dotOf(view), mermaidOf(view)]) {
    expect(drawing).toContain('1 of 2 tasks, which had no room in a message')
  }
})

test('flow: why a task failed stands beside it, cut to the terminal, with nothing harmful', () => {
  const message = `${NASTY} ${'very '.repeat(40)}long`
  const view = flow([
    { name: 'a', state: 'failed', code: 'api_error', message, agent: 'x' },
    {
      name: 'b',
      after: ['a'],
      state: 'failed',
      code: 'parent_failed',
      message: 'Task "a" did not.',
    },
  ])
  const [a, b] = linesOf({ ...view, state: 'failed' }).slice(-2)
  expect(a).toMatch(/^ {2}✗ a +failed {2}x {2}api_error: abcd e"\]\} very .*…$/)
  expect(b).toMatch(/^ {2}└─ ✗ b +failed {2}parent_failed \(api_error\): a$/)
})

test('flow: whom a task failed with, by name and code, is seen at 80 columns', () => {
  const ended = { state: 'failed', code: 'parent_failed', message: 'Task "x" of …' } as const
  const long = 'a-name-of-thirty-characters-or-'
  const lines = linesOf(
    flow([
      { name: long, state: 'failed', code: 'error', message: 'no' },
      {
        name: 'stopped',
        state: 'cancelled',
        code: 'cancelled',
        message: 'The task was cancelled.',
      },
      { name: 'one', after: [long], ...ended },
      { name: 'both', after: [long, 'stopped'], ...ended, state: 'cancelled', code: 'skipped' },
      { name: 'forgotten', state: 'forgotten', id: null },
      { name: 'last', after: ['forgotten'], ...ended },
    ]),
  ).slice(4)
  const facts = (name: string) => {
    const line = lines.find((each) => each.includes(` ${name} `))
    return line?.slice(line.indexOf(` ${name} `) + name.length + 2).trim()
  }
  expect(facts('one')).toMatch(/^failed {2}parent_failed \(error\): a-na/)
  expect(facts('both')).toMatch(/^cancelled {2}skipped \(error, cancelled\): /)
  expect(facts('last')).toMatch(/^failed {2}parent_failed: Task "x" of …$/)
  expect(facts('stopped')).toBe('cancelled')
})

test('flow: of many siblings those are shown that say most, the others in one line', () => {
  const many = Array.from({ length: 100 }, (_, i): Given => {
    const name = `page-${i}`
    if (i === 70) return { name, after: ['split'], state: 'failed', code: 'error', message: 'no' }
    return i < 60
      ? { name, after: ['split'], ...DONE }
      : { name, after: ['split'], state: 'pending' }
  })
  const lines = linesOf(flow([{ name: 'split', ...DONE }, ...many])).slice(4)
  expect(lines).toHaveLength(12)
  expect(lines.filter((line) => line.includes('page-70'))).toHaveLength(1)
  expect(lines.at(-1)).toBe('  └─ … 90 more: 30 pending, 60 completed')
})

test('flow: a long chain goes by layers, those in which nothing happens in one line', () => {
  const chain = Array.from({ length: 1_000 }, (_, i): Given => {
    const after = i === 0 ? [] : [`step-${i - 1}`]
    if (i < 500) return { name: `step-${i}`, after, ...DONE }
    return i === 500
      ? { name: 'step-500', after, state: 'processing', agent: 'a', startedAt: NOW }
      : { name: `step-${i}`, after }
  })
  expect(linesOf(flow(chain)).slice(4)).toEqual([
    expect.stringMatching(/^ {4}0 {2}✓ step-0 /),
    expect.stringMatching(/^ {7}… 498 more in 498 layers: 498 completed/),
    expect.stringMatching(/^ {2}499 {2}✓ step-499 /),
    expect.stringMatching(/^ {2}500 {2}● step-500 +processing {2}a/),
    expect.stringMatching(/^ {2}501 {2}· step-501 /),
    expect.stringMatching(/^ {7}… 497 more in 497 layers: 497 blocked/),
    expect.stringMatching(/^ {2}999 {2}· step-999 /),
  ])
})

test('flow: what is forgotten has its name and its place', () => {
  const view = flow([
    { name: 'a', id: null, state: 'forgotten' },
    { name: 'b', after: ['a'], ...DONE },
  ])
  expect(linesOf(view).slice(4)).toEqual([
    '    a           forgotten',
    '  └─ ✓ b        completed  ocr-1  1.2 s',
  ])
})

test('flows: a list says how far each is; without any, how to submit one', () => {
  const { layers: _, tasks: __, ...row } = flow([{ name: 'a', ...DONE }, { name: 'b' }])
  const rows = { ...row, id: 'x'.repeat(64), queue: 'y'.repeat(64) }
  const lines = flowListLines({ flows: [row, rows], cursor: null }, NOW, COLUMNS, NO_COLORS)
  expect(lines.filter((line) => line.length > COLUMNS)).toEqual([])
  expect(lines[1]).toMatch(/^ {2}report-7 +q +running +50 % +2 +12\.3 s +–$/)
  expect(flowListLines({ flows: [], cursor: null }, NOW, COLUMNS, NO_COLORS)).toEqual([
    'No such flows. Submit one: `npx signalbox flow submit FILE`.',
  ])
})

const DRAWN = flow([
  { name: 'end', ...DONE },
  { name: 'graph', after: ['end'], state: 'failed', code: NASTY },
])

test('flow: as DOT, each task with its state, each dependency as an arrow, nothing breaks out', () => {
  const dot = dotOf(DRAWN)
  expect(dot).toContain('digraph "flow-report-7" {\n')
  expect(dot).toContain(
    '  "end" [label="end\\ncompleted by ocr-1, 1.2 s", fillcolor="#dafbe1", color="#1a7f37"]\n',
  )
  expect(dot).toContain('  "end" -> "graph"\n')
  expect(dot.replaceAll('\n', '')).not.toMatch(CONTROLS)
  for (const line of dot.split('\n')) expect((line.match(/"/g) ?? []).length % 2).toBe(0)
})

test('flow: a drawing has times in the words of the tree', () => {
  for (const ms of [0, 8, 999.6, 1_200, 59_960, 200_000, 3_600_000, 18_120_000, 273_600_000]) {
    const view = flow([{ name: 'a', ...DONE, finishedAt: AT + ms }])
    expect(dotOf(view)).toContain(`completed by ocr-1, ${duration(ms)}"`)
    expect(mermaidOf(view)).toContain(`completed by ocr-1, ${duration(ms)}"`)
  }
})

test('flow: as Mermaid, by numbers, so that no name is a word of it', () => {
  const lines = mermaidOf(DRAWN).split('\n')
  expect(lines.slice(0, 2)).toEqual([
    'flowchart LR',
    '  t0["end<br/>completed by ocr-1, 1.2 s"]:::completed',
  ])
  expect(lines[2]).toMatch(/^ {2}t1\["graph<br\/>failed \(a [^"[\]{}]*\)"\]:::failed$/)
  expect(lines).toContain('  t0 --> t1')
  expect(lines).toContain('  classDef failed fill:#ffebe9,stroke:#cf222e,color:#1f2328')
})
