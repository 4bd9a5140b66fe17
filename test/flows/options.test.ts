/** The options of a flow: what is refused, with the task named, and whatever anybody hands in. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SignalboxError } from '../../src/errors.ts'
import { wordsOfFile } from '../../src/flows/file-words.ts'
import { checkFlow } from '../../src/flows/options.ts'
import { payloadText } from '../../src/wire/payload.ts'

const RUNS = process.env.SOAK ? 100_000 : 2_000
const FUZZ_MS = process.env.SOAK ? 600_000 : 30_000

function refused(given: unknown, check = {}): [string, string] {
  try {
    checkFlow(given, check)
  } catch (error) {
    expect(error).toBeInstanceOf(SignalboxError)
    const { code, message } = error as SignalboxError
    return [code, message]
  }
  throw new Error('nothing was refused')
}

test('flow options: tasks in order, with bytes of their own and what the flow says for all', () => {
  const bytes = new Uint8Array([1, 2])
  const flow = checkFlow({
    id: 'f',
    onFailure: 'skip',
    tasks: {
      last: {
        queue: 'b',
        after: ['first'],
        payload: bytes,
        onFailure: 'continue',
        priority: 'high',
      },
      first: { queue: 'a', payload: { page: 1 } },
      middle: { queue: 'a', after: ['first'] },
    },
  })
  bytes[0] = 9
  expect(flow).toMatchObject({ id: 'f', queue: 'a', bytes: 12 })
  expect(flow.tasks.map(({ name }) => name)).toEqual(['first', 'last', 'middle'])
  expect(flow.tasks.map(({ after }) => after)).toEqual([[], [0], [0]])
  expect(flow.tasks.map(({ onFailure }) => onFailure)).toEqual(['skip', 'continue', 'skip'])
  expect(payloadText(flow.tasks[0].payload)).toBe('{"page":1}')
  expect([...flow.tasks[1].payload]).toEqual([1, 2])
  expect(flow.tasks[1].options.level).toBe(4)
})

test('flow options: a task without a queue has the one that is said for all, if there is one', () => {
  const given = { tasks: { a: {} } }
  expect(checkFlow(given, { queue: 'q' }).tasks[0].queue).toBe('q')
  expect(refused(given)).toEqual(['bad_flow', 'Task "a": It has no queue: give it "queue".'])
  expect(refused({ tasks: { a: { queue: null } } })[0]).toBe('bad_flow')
  expect(refused({ tasks: { a: { queue: '' } } })[0]).toBe('bad_token')
  expect(refused(given, { inFile: (option: string) => option })[1]).toBe(
    'Task "a": It has no queue: give it `queue`, or all of them by `queue:` of the file or `--queue`.',
  )
})

test.each([
  [{ tasks: [] }, 'bad_flow', 'The tasks of a flow must be an object, and is (a list).'],
  [null, 'bad_flow', 'A flow must be an object, and is "null".'],
  [{ tasks: { a: 7 } }, 'bad_flow', 'Task "a" must be an object, and is "7".'],
  [{ tasks: { a: { queue: 'q', after: 'b' } } }, 'bad_flow', '"after" of task "a" is "b"'],
  [{ tasks: { a: { queue: 'q', after: [7] } } }, 'bad_flow', '"after" of task "a" is (a list)'],
  [{ taks: {} }, 'not_supported', 'The option "taks" of a flow is not supported'],
  [{ tasks: { a: { queue: 'q', prio: 1 } } }, 'not_supported', 'Task "a": The option "prio"'],
  [{ tasks: { a: { queue: 'q', dependsOn: ['b'] } } }, 'not_supported', 'in after.'],
  [{ tasks: { a: { queue: 'q', voters: 3 } } }, 'not_supported', 'cannot say "voters"'],
  [{ tasks: { a: { queue: 'q', priority: 9 } } }, 'bad_priority', 'Task "a": The priority "9"'],
  [{ tasks: { a: { queue: 'q', onFailure: 'no' } } }, 'bad_option', '"onFailure" is "no"'],
  [{ tasks: { a: { queue: 'q' } }, onFailure: 1 }, 'bad_option', '"onFailure" is "1"'],
  [{ id: 'a b', tasks: {} }, 'bad_token', 'The flow id "a b"'],
])('flow options: %j is refused as %s', (given, code, message) => {
  const [said, sentence] = refused(given)
  expect(said).toBe(code)
  expect(sentence).toContain(message)
})

test('flow options: an unknown one is answered with what a task of a flow may say, and what was meant', () => {
  expect(refused({ tasks: { a: { queue: 'q', aftr: ['b'] } } })).toEqual([
    'not_supported',
    'Task "a": The option "aftr" is not supported: did you mean after? Known are queue, payload, ' +
      'after, onFailure, id, priority, type, requires, prefers, match, strategy, key, timeoutMs, ' +
      'retryCount, retryDelayMs, ttlMs, deadlineMs, slaTargetMs, delayMs, at.',
  ])
  expect(refused({ taks: {} })[1]).toBe(
    'The option "taks" of a flow is not supported: did you mean tasks? Known are id, tasks, onFailure.',
  )
  expect(refused({ tasks: { a: { queue: 'q', zzzzzz: 1 } } })[1]).toContain('supported; known are')
})

test.each([
  ['ttl', 'ttlMs'],
  ['timeout', 'timeoutMs'],
  ['prio', 'priority'],
  ['timeoutMS', 'timeoutMs'],
  ['sla', 'slaTargetMs'],
  ['colour', null],
])('flow options: who wrote %s meant %s', (key, meant) => {
  const [, sentence] = refused({ tasks: { a: { queue: 'q', [key]: 1 } } })
  expect(/did you mean (\w+)\?/.exec(sentence)?.[1] ?? null).toBe(meant)
})

test('flow options: of a file they are called as it writes them, and its own queue is one', () => {
  const said = (text: string, given: unknown) => refused(given, { inFile: wordsOfFile(text) })[1]
  const wrong = (key: string) => ({ tasks: { a: { queue: 'q', [key]: 1 } } })
  const snake = said('on_failure: skip\ntasks: {a: {retry_counts: 1}}', wrong('retryCounts'))
  expect(snake).toMatch(/"retry_counts" .* mean retry_count\? .* on_failure, .* sla_target_ms, /)
  const camel = said('onFailure: skip\ntasks: {a: {retryCounts: 1}}', wrong('retryCounts'))
  expect(camel).toMatch(/"retryCounts" .* mean retryCount\? .* onFailure, .* slaTargetMs, /)
  expect(said('tasks: {a: {ttl: 1}}', wrong('ttl'))).toContain('did you mean ttl_ms?')
  expect(said('tasks: {a: {depends_on: [b]}}', wrong('dependsOn'))).toContain('say "depends_on"')
  expect(said('', wrong('retries'))).toContain('It cannot say "retries": say retry_count.')
  expect(said('qeue: q', { qeue: 'q' })).toContain(
    'mean queue? Known are queue, id, tasks, on_failure',
  )
})

test('flow options: a payload that is no JSON is told of with its task', () => {
  const [code, message] = refused({ tasks: { a: { queue: 'q', payload: 1n } } })
  expect(code).toBe('bad_option')
  expect(message).toContain('Task "a": its payload is no JSON')
})

test('flow options: a time of day is for what begins at once, a delay for what comes after', () => {
  const at = Date.now() + 60_000
  const flow = (b: object) => ({ tasks: { a: { queue: 'q', at }, b: { queue: 'q', ...b } } })
  expect(checkFlow(flow({ after: ['a'], delayMs: 5 })).tasks[1].options.own?.delayMs).toBe(5)
  expect(refused(flow({ after: ['a'], at }))[1]).toContain('Task "b": The task begins after others')
})

test('flow options: a thousand tasks unless it is said otherwise', () => {
  const many = Array.from({ length: 1_001 }, (_, i) => [`t${i}`, { queue: 'q' }])
  const given = { tasks: Object.fromEntries(many) }
  expect(refused(given)[1]).toBe(
    'The flow has 1,001 tasks, 1,000 are allowed: split it, or raise flow_tasks_max, to 10,000 at most.',
  )
  expect(checkFlow(given, { tasksMax: 2_000 }).tasks).toHaveLength(1_001)
})

/** Nearly always what it should be, so that some of what is made has nothing wrong in it. */
function mostly<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: fc.anything() })
}

const anyName = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor') },
  { weight: 1, arbitrary: fc.string() },
)
const anyTask = fc.record(
  {
    queue: mostly(fc.constant('q')),
    after: mostly(fc.array(anyName, { maxLength: 1 })),
    payload: mostly(fc.jsonValue()),
    onFailure: mostly(fc.constantFrom('fail', 'skip', 'continue')),
    priority: mostly(fc.constantFrom(1, 'high')),
    requires: mostly(fc.constant(['ocr'])),
    id: mostly(fc.constant(undefined)),
  },
  { requiredKeys: ['queue'] },
)
const anyFlow = mostly(
  fc.record(
    {
      id: mostly(fc.constant('f')),
      tasks: mostly(fc.dictionary(anyName, mostly(anyTask), { minKeys: 1, maxKeys: 5 })),
      onFailure: mostly(fc.constant('skip')),
    },
    { requiredKeys: ['tasks'] },
  ),
)

test(
  `flow options: ${RUNS} of any values are checked, or refused with a sentence of one line`,
  () => {
    let taken = 0
    fc.assert(
      fc.property(anyFlow, (given) => {
        let flow: ReturnType<typeof checkFlow>
        try {
          flow = checkFlow(given)
        } catch (error) {
          expect(error).toBeInstanceOf(SignalboxError)
          expect((error as Error).message).not.toMatch(/[\u0000-\u001f]/)
          return
        }
        taken++
        for (const [i, { after }] of flow.tasks.entries()) {
          for (const parent of after) expect(parent).toBeLessThan(i)
        }
      }),
      { numRuns: RUNS },
    )
    expect(taken).toBeGreaterThan(RUNS / 100)
  },
  FUZZ_MS,
)
