import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { calibrationLines } from '../../src/cli/render/calibration.ts'
import { colorsFor } from '../../src/cli/render/colors.ts'
import { inboxLines, inboxTaskLines } from '../../src/cli/render/inbox.ts'
import type { CalibrationView, InboxRow, InboxView } from '../../src/people-views.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { withNats } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { withHome } from './support.ts'

const { cli: run, start, home } = withHome()
const nats = withNats()
let scheduler: Scheduler
const cli = (...words: string[]) => run(words, { env: { NATS_URL: nats.url } })

beforeAll(async () => {
  scheduler = await new Scheduler({
    name: 'box',
    nats: nats.url,
    queues: { review: { escalateTo: 'senior' }, senior: {} },
    people: { alice: { queues: ['review'], capacity: 2 }, carol: { queues: ['senior'] } },
    routers: 0,
  }).start()
})
afterAll(() => scheduler.stop())

async function assigned(id: string): Promise<void> {
  await scheduler.submit('review', { device: id }, { id })
  const isAssigned = async () => (await scheduler.getTask(id)).agent === 'alice'
  await until(isAssigned, { what: `${id} to be assigned` })
}

test('inbox: a task is listed, claimed, talked about and decided, and its history says all of it', async () => {
  await assigned('d-1')
  const listed = await cli('inbox', 'list', '--as', 'alice')
  expect(listed).toMatchObject({ code: 0, stderr: '' })
  expect(listed.stdout).toMatch(/^ {2}d-1 +review +assigned +alice +3 normal +– +–$/m)
  const claimed = await cli('inbox', 'claim', 'd-1', '--as', 'alice')
  expect(claimed.code).toBe(0)
  expect(claimed.stdout).toContain('Payload\n  {"device":"d-1"}\n')
  expect(claimed.stdout).toContain('signalbox inbox decide d-1 --as alice --accept')
  const comment = await cli('inbox', 'comment', 'd-1', 'page 3 is missing', '--as', 'alice')
  expect(comment).toMatchObject({ code: 0, stdout: 'The comment stands with task d-1.\n' })
  expect((await cli('inbox', 'show', 'd-1')).stdout).toContain('page 3 is missing')
  const data = ['--data', '{"gaps":2}']
  const decided = await cli('inbox', 'decide', 'd-1', '--as', 'alice', '--reject', ...data)
  expect(decided).toMatchObject({
    code: 0,
    stdout: 'Task d-1 was rejected by alice; it is completed\n',
  })
  expect(JSON.parse((await scheduler.getTask('d-1')).result!)).toMatchObject({ data: { gaps: 2 } })
  const shown = await cli('task', 'get', 'd-1')
  expect(shown.stdout).toMatch(/claimed +alice, saw [0-9a-f]{12}…/)
  expect(shown.stdout).toMatch(/decided +alice, reject, saw [0-9a-f]{12}…/)
})

test('inbox: rows and views are values for programs, and the environment says who somebody is', async () => {
  await assigned('d-2')
  const env = { NATS_URL: nats.url, SIGNALBOX_AS: 'alice' }
  const rows = await run(['inbox', 'list', '-o', 'ndjson'], { env })
  expect(JSON.parse(rows.stdout)).toMatchObject({ task: 'd-2', state: 'assigned', person: 'alice' })
  const view = await run(['inbox', 'claim', 'd-2', '-o', 'json'], { env })
  expect(JSON.parse(view.stdout)).toMatchObject({
    task: 'd-2',
    seen: expect.stringMatching(/^\w{64}$/),
  })
  const decided = await run(['inbox', 'decide', 'd-2', '--escalate', '-o', 'json'], { env })
  expect(JSON.parse(decided.stdout)).toMatchObject({ decision: 'escalate', servedBy: 'senior' })
})

test('inbox: what is refused is one line with its code, and exit code 5', async () => {
  await assigned('d-3')
  const refused = await cli('inbox', 'decide', 'd-3', '--as', 'alice', '--accept')
  expect(refused).toMatchObject({ code: 5, stdout: '' })
  expect(refused.stderr).toBe(
    'error not_claimed: Task "d-3" is not claimed by "alice"; nobody has claimed it: ' +
      'signalbox inbox claim d-3 --as alice.\n',
  )
  expect(await cli('inbox', 'claim', 'd-3', '--as', 'zed')).toMatchObject({ code: 5 })
})

test.each([
  [['inbox', 'decide', 'x', '--as', 'alice'], 'give one of --accept, --reject'],
  [['inbox', 'decide', 'x', '--as', 'alice', '--accept', '--reject'], 'give one of --accept'],
  [['inbox', 'decide', 'x', '--accept'], '--as <name>'],
  [['inbox', 'decide', 'x', '--as', 'alice', '--accept', '--data', '{'], 'Give JSON, in quotes'],
])('inbox: %j is wrong usage', async (words, sentence) => {
  const ended = await cli(...words)
  expect(ended.code).toBe(2)
  expect(ended.stderr.toLowerCase()).toContain(sentence.toLowerCase())
})

test('queue calibration: a table for people, a value for programs', async () => {
  const table = await cli('queue', 'calibration', 'senior')
  expect(table).toMatchObject({ code: 0, stdout: 'Queue senior: 0 decisions yet.\n' })
  const value = await cli('queue', 'calibration', 'review', '-o', 'json')
  expect(JSON.parse(value.stdout)).toMatchObject({ queue: 'review', without: 2, brier: null })
  expect(await cli('queue', 'calibration', 'nowhere')).toMatchObject({ code: 5 })
})

test('serve: people of the file take tasks, and at a hang-up others do', async () => {
  const file = join(home, 'people.yaml')
  const people = 'people:\n  dora: {queues: [desk]}\n'
  writeFileSync(file, `queues: {desk: }\n${people}`)
  const words = ['serve', '--config', file, '--name', 'desks', '--routers', '0', '-o', 'ndjson']
  const running = start([...words, '--nats', nats.url])
  const said = (line: number) =>
    until(() => running.stdout().split('\n')[line], { what: `line ${line}`, timeoutMs: 20_000 })
  expect(JSON.parse(await said(0))).toMatchObject({ event: 'ready' })
  expect((await cli('inbox', 'list', '--as', 'dora')).code).toBe(0)
  writeFileSync(file, `queues: {desk: }\n${people.replace('dora', 'erik').replace('desk', 'dusk')}`)
  running.process.kill('SIGHUP')
  expect(JSON.parse(await said(1))).toMatchObject({
    event: 'reload_refused',
    refused: [
      expect.stringContaining('people.erik.queues: "dusk": there is no queue of that name'),
    ],
  })
  writeFileSync(
    file,
    `queues: {desk: , dusk: }\n${people.replace('dora', 'erik').replace('desk', 'dusk')}`,
  )
  running.process.kill('SIGHUP')
  expect(JSON.parse(await said(2))).toMatchObject({
    event: 'reloaded',
    added: ['dusk'],
    people: ['dora', 'erik'],
  })
  const gone = await cli('inbox', 'list', '--as', 'dora')
  expect(gone.stderr).toContain('error person_unknown: No "dora" takes tasks here')
  expect((await cli('inbox', 'list', '--as', 'erik')).code).toBe(0)
  running.process.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
})

const PLAIN = colorsFor({ isTTY: false }, {})
const ROW: InboxRow = {
  task: 'device-1',
  queue: 'ra_review_high',
  sourceQueue: 'gap_analysis',
  type: 'device',
  state: 'claimed',
  person: 'alice',
  voteOn: null,
  priority: 4,
  confidence: 94.6,
  comments: 2,
  acceptedAt: 0,
  assignedAt: 1_000,
  claimedAt: 2_000,
  dueAt: 602_000,
}

test('inbox list: who has what until when, in the width of the terminal', () => {
  const rows: InboxRow[] = [
    ROW,
    { ...ROW, task: 'd'.repeat(64), queue: 'q'.repeat(64), state: 'assigned', dueAt: null },
    { ...ROW, state: 'waiting', person: null, confidence: null, comments: 0, dueAt: 1_000 },
  ]
  const lines = inboxLines(rows, 122_000, 90, PLAIN)
  expect(lines.filter((line) => line.length > 90)).toEqual([])
  expect(lines[1]).toMatch(/^ {2}device-1 .* claimed +alice +4 high +94\.6 +2 +in 8 min 0 s$/)
  expect(lines[3]).toMatch(/ waiting +– +4 high +– +2 min 1 s ago$/)
  expect(lines.at(-1)).toBe('1 claimed, 1 assigned, 1 waiting')
  const votes = inboxLines([ROW, { ...ROW, voteOn: 'q1' }], 122_000, 90, PLAIN)
  expect(votes[0]).toMatch(/ due +vote on$/)
  expect(votes[1]).toMatch(/ in 8 min 0 s +–$/)
  expect(votes[2]).toMatch(/ in 8 min 0 s +q1$/)
  expect(inboxLines([], 0, 80, PLAIN)).toEqual([
    'Nothing is assigned, and nothing waits to be taken.',
  ])
})

test('inbox show: inputs and comments stand below, and no text of theirs moves the cursor', () => {
  const view: InboxView = {
    ...ROW,
    payload: '{"device":\n1}\u001b[2J',
    inputs: [
      { name: 'gap_analysis', state: 'completed', bytes: 17, text: '{"confidence":95}' },
      { name: 'late', state: 'failed', bytes: null, text: null },
      { name: 'large', state: 'completed', bytes: 100_000, text: null },
    ],
    notes: [{ by: 'bob', at: 5_000, text: 'first\nsecond\u001b]0;x\u0007' }],
    seen: 'ab'.repeat(32),
    failedDestinations: ['gap_analysis'],
  }
  const text = inboxTaskLines(view, 'alice', PLAIN).join('\n')
  expect(text).toContain('Payload\n  {"device":\n  1}')
  expect(text).toContain('Input gap_analysis (completed, 17 B)\n  {"confidence":95}')
  expect(text).toContain('Input late (failed, no result)\n  –')
  expect(text).toContain('Input large (completed, 97.7 KiB)\n  too large to be shown')
  expect(text).toContain('Comments\n  bob, 1970-01-01T00:00:05.000Z\n    first\n    second')
  expect(text).toMatch(/handed on from +gap_analysis\n/)
  expect(text).not.toContain('vote on')
  expect(text).not.toMatch(/[\u001b\u0007]/)
  expect(inboxTaskLines({ ...view, voteOn: 'q1' }, null, PLAIN).join('\n')).toMatch(/vote on +q1\n/)
})

test('queue calibration: bands, shares and the score in words', () => {
  const none = {
    decisions: 0,
    accepted: 0,
    rejected: 0,
    escalated: 0,
    acceptance: null,
    confidence: null,
  }
  const view: CalibrationView = {
    queue: 'review',
    bands: [
      {
        from: 90,
        to: 100,
        decisions: 35,
        accepted: 22,
        rejected: 11,
        escalated: 2,
        acceptance: 0.6667,
        confidence: 0.942,
      },
      { ...none, from: 70, to: 90 },
      { ...none, from: 50, to: 70 },
      { ...none, from: 0, to: 50 },
    ],
    without: 1,
    brier: 0.0819,
  }
  expect(calibrationLines(view, PLAIN)).toEqual([
    'Queue review: 36 decisions',
    '  confidence  decisions  accepted  rejected  escalated    said  accepted of judged',
    '      90–100         35        22        11          2  94.2 %              66.7 %  ██████░░░░',
    '       70–90          0         0         0          0       –                   –',
    '       50–70          0         0         0          0       –                   –',
    '        0–50          0         0         0          0       –                   –',
    '  1 decision about tasks that said no confidence',
    '  Brier score 0.0819, where 0 is perfect: better than to say 50 % of everything',
  ])
  expect(calibrationLines({ ...view, brier: 0.25 }, PLAIN).at(-1)).toContain('no better than')
})
