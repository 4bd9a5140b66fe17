/**
 * Generated input for everything that a scheduler listens to: a valid message of some kind, or one
 * with some of its parts replaced by what somebody may send by mistake or in malice.
 */
import fc from 'fast-check'
import {
  block,
  blockOf,
  level,
  name,
  names,
  objectOf,
  payload,
  SCHEDULER,
  scalar,
  text,
  token,
} from './parts.ts'

export { CAPABILITIES, LABELS, SCHEDULER } from './parts.ts'

export interface Input {
  subject: string
  body: Uint8Array
  /** The header block as it goes over the wire. */
  block: string | undefined
  /** `call` and `outcome` are answered by an outcome, some time, `flow` by its end if wanted; `foreign` by nobody. */
  kind: 'task' | 'outcome' | 'call' | 'flow' | 'agent' | 'result' | 'api' | 'foreign'
}

const submit = fc
  .tuple(fc.constantFrom('task', 'call'), name, level, payload, block)
  .map(([verb, queue, priority, body, headers]): Input => {
    const kind = verb === 'call' ? 'call' : /Sb-Outcome: 1/.test(headers ?? '') ? 'outcome' : 'task'
    return { subject: `sb.${verb}.${queue}${priority}`, body, block: headers, kind }
  })

const flowTask = fc.record(
  {
    queue: name,
    payload: fc.jsonValue({ maxDepth: 2 }),
    payloadBase64: fc.constantFrom('AA==', '?', ''),
    after: fc.oneof(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 2 }), scalar),
    onFailure: fc.constantFrom<unknown>('fail', 'skip', 'continue', 'retry'),
    id: name,
    priority: scalar,
    delayMs: fc.constantFrom<unknown>(0, 5, -1),
  },
  { requiredKeys: [] },
)
/** Mostly whole: names in an order in which none waits for a later one. */
const goodFlow = fc.nat(60).map((n) => ({
  id: `flow-${n}`,
  tasks: {
    a: { payload: n },
    b: { after: ['a'], payloadBase64: 'AAEC' },
    c: { after: ['a', 'b'], onFailure: 'continue', retryCount: 0 },
  },
}))
const oddFlow = objectOf({
  id: name,
  tasks: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e f'), flowTask, { maxKeys: 4 }),
  onFailure: fc.constantFrom<unknown>('fail', 'skip', 7),
})
const flowBody = fc.oneof(
  { weight: 3, arbitrary: goodFlow.map((flow) => text(JSON.stringify(flow))) },
  { weight: 1, arbitrary: fc.nat(60).map((n) => text(`{"id":"flow-${n}"}`)) },
  { weight: 3, arbitrary: oddFlow },
)
const flowBlock = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(undefined, blockOf(['Sb-Outcome: 1'])) },
  { weight: 1, arbitrary: block },
)
const flow = fc.tuple(name, flowBody, flowBlock).map(
  ([queue, body, headers]): Input => ({
    subject: `sb.flow.${queue}`,
    body,
    block: headers,
    kind: 'flow',
  }),
)

const fromAgent = (verb: string, shape: Record<string, fc.Arbitrary<unknown>>) =>
  fc.tuple(name, objectOf(shape), block).map(
    ([id, body, headers]): Input => ({
      subject: `sb.from.${id}.${verb}`,
      body,
      block: headers,
      kind: 'agent',
    }),
  )

const instance = fc.oneof(
  fc.constantFrom('i1', 'i2', 'i3'),
  fc.nat(2_000).map((n) => `i${n}`),
)
/** Mostly none; of a few agents that offer much, only the helpful one must have enough. */
const numbers = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom({}, { gpu: 8 }, { gpu: 1, ocr: 0.5 }) },
  { weight: 1, arbitrary: fc.dictionary(name, scalar, { maxKeys: 3 }) },
  { weight: 1, arbitrary: scalar },
)
const hello = fromAgent('hello', {
  instance,
  queues: fc.oneof(fc.constantFrom(['*'], ['work']), names),
  capabilities: names,
  labels: numbers,
  specializations: numbers,
  concurrency: fc.integer({ min: -1, max: 3 }),
  beats: fc.boolean(),
  preemptible: fc.boolean(),
  recalls: fc.boolean(),
  declines: fc.boolean(),
})
const reported = fc.record({ seen: scalar, running: fc.oneof(fc.array(token), scalar) })
const beat = fromAgent('beat', {
  instance,
  schedulers: fc.oneof(
    fc.record({ [SCHEDULER]: fc.oneof(reported, scalar) }),
    fc.dictionary(name, fc.oneof(reported, scalar), { maxKeys: 3 }),
  ),
  load: fc.oneof(fc.nat(3), scalar),
})
const bye = fromAgent('bye', { instance, drain: fc.boolean() })

const result = fc
  .tuple(
    name,
    fc.oneof({ weight: 9, arbitrary: fc.constant(SCHEDULER) }, { weight: 1, arbitrary: name }),
    fc.oneof(fc.nat(40).map(String), name),
    token,
    payload,
    block,
  )
  .map(
    ([id, scheduler, slot, word, body, headers]): Input => ({
      subject: `sb.from.${id}.${scheduler}.result.${slot}.${word}`,
      body,
      block: headers,
      kind: scheduler === SCHEDULER ? 'result' : 'foreign',
    }),
  )

const question = fc
  .tuple(
    name,
    fc.oneof({ weight: 9, arbitrary: fc.constant(SCHEDULER) }, { weight: 1, arbitrary: name }),
    fc.oneof(fc.nat(40).map(String), name),
    token,
    fc.oneof(name.map(text), payload),
    block,
  )
  .map(
    ([id, scheduler, slot, word, body, headers]): Input => ({
      subject: `sb.from.${id}.${scheduler}.input.${slot}.${word}`,
      body,
      block: headers,
      kind: scheduler === SCHEDULER ? 'agent' : 'foreign',
    }),
  )

const verb = fc.constantFrom(
  'flow',
  'flows',
  'cancel-flow',
  'input',
  'inbox',
  'inbox-task',
  'claim',
  'decide',
  'comment',
  'calibration',
  'status',
  'agents',
  'task',
  'cancel',
  'drain',
  'task',
  'cancel',
  'tasks',
  'nope',
)
const state = fc.constantFrom<unknown>('pending', 'completed', 'dead', 'asleep', null)
const limit = fc.constantFrom<unknown>(1, 1_000, 0, 1.5, -0, '10', Number.POSITIVE_INFINITY, [])
const cursor = fc.constantFrom<unknown>(
  null,
  `${SCHEDULER}.1.k`,
  'a.1.o5',
  `${SCHEDULER}.1.o-1`,
  {},
)
const call = fc
  .tuple(
    verb,
    fc.constantFrom('any', SCHEDULER, 'any', 'nobody'),
    fc.oneof(
      objectOf({ id: name, agent: name, queue: name, state, limit, cursor }),
      objectOf({ id: fc.nat(60).map((n) => `flow-${n}`), node: fc.constantFrom('a', 'b', 'z') }),
      objectOf({ id: name, name, by: name, decision: name, text: name, queue: name }),
    ),
  )
  .map(
    ([word, target, body]): Input => ({
      subject: `sb.api.${word}.${target}`,
      body,
      block: undefined,
      kind: target === 'nobody' ? 'foreign' : 'api',
    }),
  )

/** What an agent might answer a task with. */
export function generateResults(count: number, seed: number): Pick<Input, 'body' | 'block'>[] {
  return fc.sample(fc.record({ body: payload, block }), { numRuns: count, seed })
}

/** @returns that many inputs, always the same ones for a seed. */
export function generateInputs(count: number, seed: number): Input[] {
  const arbitrary = fc.oneof(
    { weight: 6, arbitrary: submit },
    { weight: 2, arbitrary: flow },
    { weight: 1, arbitrary: question },
    { weight: 3, arbitrary: hello },
    { weight: 3, arbitrary: beat },
    { weight: 1, arbitrary: bye },
    { weight: 4, arbitrary: result },
    { weight: 3, arbitrary: call },
  )
  return fc.sample(arbitrary, { numRuns: count, seed })
}
