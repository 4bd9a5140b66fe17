import { expect, test } from 'vitest'
import type { SchedulerOptions } from '../../src/options.ts'
import { frontEndOptions } from '../../src/scheduler-options.ts'

const refusal = (options: unknown): string => {
  try {
    frontEndOptions(options as SchedulerOptions)
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`
  }
  return 'taken'
}

test.each([
  [{ routres: 5 }, 'bad_option: Option "routres" is "5": no such option, did you mean routers.'],
  [
    { queues: { a: { retryCont: 5 } } },
    'Option "queues.a.retryCont" is "5": no such option, did you mean retryCount.',
  ],
  [
    { queues: { a: { ttl_seconds: 5 } } },
    'Option "queues.a.ttl_seconds" is "5": no such option, did you mean ttlMs.',
  ],
  [
    { queues: { a: { retryCount: 101 } } },
    'Option "queues.a.retryCount" is "101": give a whole number from 0 to 100.',
  ],
  [
    { queues: { a: { ttlMs: 1.5 } } },
    'Option "queues.a.ttlMs" is "1.5": give a whole number from 0 to 2592000000.',
  ],
  [
    { queues: { a: { type: 'FIFO' } } },
    'Option "queues.a.type" is "FIFO": give priority or fifo; did you mean "fifo"?',
  ],
  [
    { queues: { a: { priority: 'hgih' } } },
    'Option "queues.a.priority" is "hgih": give background, low, normal, high or critical, or 1 to 5; did you mean "high"?',
  ],
  [
    { queues: { a: { slaAttainment: 95 } } },
    'Option "queues.a.slaAttainment" is "95": give a number from 0 to 1.',
  ],
  [
    { queues: { a: { slaTargetsMs: { hgih: 5 } } } },
    'Option "queues.a.slaTargetsMs.hgih" is "5": no such option, did you mean high.',
  ],
  [
    { queues: { a: { boostAfterMs: 5 } } },
    'Option "queues.a.boostAfterMs" is "5": give an object with background, low, normal.',
  ],
  [
    { queues: { a: { retryOn: 'timeout' } } },
    'Option "queues.a.retryOn" is "timeout": give a list of at most 32 names, or null.',
  ],
  [{ queues: { a: { escalateTo: 'a b' } } }, 'bad_token: The escalate_to "a b" is not a name'],
  [
    { queues: { a: { escalateOn: ['x'] } } },
    'Option "queues.a.escalateOn" is (a list): nobody is named to escalate to: give escalateTo.',
  ],
  [
    { queues: { a: { ttlMs: 5, slaTargetMs: 9 } } },
    'the task expires before its SLA of 9 ms, by ttlMs of 5 ms',
  ],
  [
    { queueDefaults: { explain: 'yes' } },
    'Option "queueDefaults.explain" is "yes": give true or false.',
  ],
  [{ queues: { 'a.b': {} } }, 'bad_token: The queue "a.b" is not a name'],
  [
    { deadLetters: { a: { route: 'drop' } } },
    'Option "deadLetters.a.route" is "drop": give keep, file or queue',
  ],
  [
    { deadLetters: { a: { route: 'file' } } },
    'Option "deadLetters.a" is (an object): route "file" needs "file".',
  ],
  [
    { deadLetters: { a: { route: 'keep', queue: 'b' } } },
    'Option "deadLetters.a.queue" is "b": route "keep" has no use for it.',
  ],
  [
    { deadLetters: { a: {} } },
    'Option "deadLetters.a.route" is "undefined": give keep, file or queue.',
  ],
  [
    { strictQueues: true, queues: { b: {} }, deadLetters: { b: { route: 'queue', queue: 'c' } } },
    'Option "deadLetters.b.queue" is "c": there is no queue "c": add it to the queues.',
  ],
  [
    { deadLettersKeep: { count: 0 } },
    'Option "deadLettersKeep.count" is "0": give a whole number from 1 to 1000000.',
  ],
  [{ deadLeters: {} }, 'no such option, did you mean deadLetters.'],
  [{ dedup: { windowMs: 5 } }, 'Option "dedup.windowMs" is "5": known are windowSeconds, count.'],
  [
    { dedup: { windowSeconds: -1 } },
    'Option "dedup.windowSeconds" is "-1": give a number from 0 to 2592000.',
  ],
  [
    { ledger: true },
    'Option "ledger" is "true": give an object with directory, bytesMax, fileBytesMax, filesMax.',
  ],
  [
    { ledger: { filesMax: 0.5 } },
    'Option "ledger.filesMax" is "0.5": give a whole number from 0 to 1000000.',
  ],
  [{ keep: { count: -1 } }, 'Option "keep.count" is "-1": give a whole number from 0 to 10000000.'],
  [{ placement: 'somewhere' }, 'Option "placement" is "somewhere": give auto, routers or inline.'],
  [
    { slots: 33 },
    'Option "slots" is "33": give a whole number from 32 to 1048576, a multiple of 32.',
  ],
  [{ placement: 'routers' }, 'Option "routers" is "0": placement "routers" needs at least 1.'],
])('options: %j are refused with a sentence', (options, sentence) => {
  expect(refusal(options)).toContain(sentence)
})

test('options: what is left undefined is the default’s', () => {
  const { policy } = frontEndOptions({
    queues: { a: { retryCount: undefined, ttlMs: 5 } },
    routers: undefined,
  })
  expect(policy.queues.a).toMatchObject({ retryCount: 2, ttlMs: 5 })
})

test('options: queues have the defaults’ groups, level by level', () => {
  const { policy } = frontEndOptions({
    queueDefaults: { slaTargetsMs: { high: 5, low: 9 } },
    queues: { a: { slaTargetsMs: { low: 7 } }, b: {} },
  })
  expect(policy.queues.a.slaTargetsMs).toEqual({ high: 5, low: 7 })
  expect(policy.queues.b.slaTargetsMs).toEqual({ high: 5, low: 9 })
})

test('options: dead letters that go on in a queue are the core’s to move', () => {
  const { policy, deadLetters } = frontEndOptions({
    deadLetters: { a: { route: 'queue', queue: 'b' }, c: { route: 'keep' } },
  })
  expect({ ...policy.deadLetterMoves }).toEqual({ a: 'b' })
  expect('constructor' in policy.deadLetterMoves).toBe(false)
  expect(deadLetters.routes).toEqual({ a: { route: 'queue', queue: 'b' }, c: { route: 'keep' } })
})
