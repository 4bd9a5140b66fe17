/** Frames of version 3, each with an item that only that can say; docs/PROTOCOL.md prints the same. */
import type { TaskRouting } from '../../src/task.ts'
import {
  ANSWER,
  AnswerReader,
  AnswerWriter,
  FRAME_KIND,
  RESULT_FLAG,
  RETRY_COUNT_OF_QUEUE,
  ResultReader,
  ResultWriter,
  SUBMIT_FLAG,
  SubmitReader,
  SubmitWriter,
  submitExtension,
  TIMEOUT_OF_QUEUE,
  WorkReader,
  WorkWriter,
} from '../../src/wire/frames.ts'
import { SAYS_NO_PROMISE } from '../../src/wire/own-promises.ts'
import { EPOCH, HI, NONE, type Sample } from './frame-sample.ts'

const PAGE = new TextEncoder().encode('page 7')
const FIRST = { ...SAYS_NO_PROMISE, ttlMs: 90_000, slaTargetMs: 60_000, retryDelayMs: 0 }
const SECOND = { ...SAYS_NO_PROMISE, deadlineMs: 600_000, delayMs: 5_000 }

export const promisedSubmit: Sample = {
  name: 'submit with promises',
  kind: FRAME_KIND.submit,
  write(pool) {
    const writer = new SubmitWriter(pool)
    writer.begin(7)
    const routing = { type: 'scan', strategy: null, match: null, prefers: [] }
    const extension = submitExtension(routing as TaskRouting, 'book-7')
    const [timeoutMs, retryCount] = [TIMEOUT_OF_QUEUE, RETRY_COUNT_OF_QUEUE]
    const { wantsOutcome } = SUBMIT_FLAG
    const first = { own: FIRST, atMs: EPOCH }
    writer.add(5, timeoutMs, retryCount, wantsOutcome, '', 'ocr', HI, 0, 4, extension, first)
    const second = { own: SECOND, atMs: null }
    writer.add(6, timeoutMs, retryCount, wantsOutcome, '', '', NONE, 0, 0, null, second)
    return writer.finish()
  },
  newReader: () => new SubmitReader(),
  hex: `53420301 0200 0000 0700000000000000
    05000000 04000000 00000000 ff 0e 00 00 0300 1000 6f6372
    06 04 00 00 0000 7363616e 626f6f6b2d37
    905f0100 ffffffff 60ea0000 00000000 00000000 00e897b69a010000 22686922
    06000000 00000000 00000000 ff 0a 00 00 0000 0000
    ffffffff c0270900 ffffffff ffffffff 88130000 0000000000000000`,
  items: [
    {
      number: 5,
      timeoutMs: 0,
      retryCount: 255,
      wantsAccepted: false,
      wantsOutcome: true,
      id: '',
      requires: 'ocr',
      extension: { type: 'scan', strategy: '', match: 0, prefers: '', key: 'book-7' },
      promises: { own: FIRST, atMs: EPOCH },
      payload: '"hi"',
    },
    {
      number: 6,
      timeoutMs: 0,
      retryCount: 255,
      wantsAccepted: false,
      wantsOutcome: true,
      id: '',
      requires: '',
      promises: { own: SECOND, atMs: null },
      payload: '',
    },
  ],
  lengths: [
    { at: 20, bytes: 4 },
    { at: 30, bytes: 1 },
    { at: 32, bytes: 2 },
    { at: 34, bytes: 2 },
    { at: 39, bytes: 1 },
    { at: 40, bytes: 1 },
    { at: 41, bytes: 1 },
    { at: 43, bytes: 2 },
    { at: 91, bytes: 4 },
    { at: 101, bytes: 1 },
    { at: 103, bytes: 2 },
  ],
  zeros: [31, 102, 105, 106],
  flags: [
    { at: 29, known: 15 },
    { at: 100, known: 11 },
  ],
  longs: [75, 127],
  versionMax: 3,
}

export const delayedAnswer: Sample = {
  name: 'answer of tasks that wait for a time',
  kind: FRAME_KIND.answer,
  write(pool) {
    const writer = new AnswerWriter(pool)
    writer.begin(EPOCH)
    writer.add(6, ANSWER.accepted, 7, 0, 'order-17', 0, '', '', 0, NONE, 0, 0)
    const code = 'ttl_expired'
    writer.add(5, ANSWER.outcome, 8, 0, 'order-18', 500, code, 'Too late.', 0, NONE, 0, 0)
    return writer.finish()
  },
  newReader: () => new AnswerReader(),
  hex: `53420302 0200 0000 00e897b69a010000
    06000000 01 07 00 08 0000 00 00 0000 0000 00000000 00000000 6f726465722d3137
    05000000 02 08 00 08 f401 0b 00 0900 0000 00000000 00000000 6f726465722d3138
    74746c5f65787069726564 546f6f206c6174652e`,
  items: [
    {
      number: 6,
      what: 1,
      state: 7,
      isDuplicate: false,
      isRetryable: false,
      status: 0,
      attempts: 0,
      id: 'order-17',
      code: '',
      message: '',
      payload: '',
    },
    {
      number: 5,
      what: 2,
      state: 8,
      isDuplicate: false,
      isRetryable: false,
      status: 500,
      attempts: 0,
      id: 'order-18',
      code: 'ttl_expired',
      message: 'Too late.',
      payload: '',
    },
  ],
  lengths: [
    { at: 23, bytes: 1 },
    { at: 26, bytes: 1 },
    { at: 28, bytes: 2 },
    { at: 32, bytes: 4 },
    { at: 55, bytes: 1 },
    { at: 58, bytes: 1 },
    { at: 60, bytes: 2 },
    { at: 64, bytes: 4 },
  ],
  zeros: [27, 36, 37, 38, 39, 59, 68, 69, 70, 71],
  flags: [
    { at: 22, known: 3 },
    { at: 54, known: 3 },
  ],
  longs: [],
  versionMax: 4,
}

export const movedWork: Sample = {
  name: 'work that was moved or interrupted',
  kind: FRAME_KIND.work,
  write(pool) {
    const writer = new WorkWriter(pool)
    writer.begin(EPOCH)
    const moved = { sourceQueue: 'greet', checkpoint: PAGE, graph: null }
    writer.add(9, 6, 13, 2, 'order-21', 'night', HI, 0, 4, -1, 'scan', moved)
    const interrupted = { sourceQueue: '', checkpoint: PAGE, graph: null }
    writer.add(10, 7, 14, 2, 'order-22', 'greet', HI, 0, 4, -1, '', interrupted)
    return writer.finish()
  },
  newReader: () => new WorkReader(),
  hex: `53420303 0200 0000 00e897b69a010000
    09000000 0600000000000000 0d000000 04000000 0200 88 85
    6f726465722d3231 6e69676874 04 7363616e 05 00 0600 6772656574 706167652037 22686922
    0a000000 0700000000000000 0e000000 04000000 0200 88 05
    6f726465722d3232 6772656574 00 00 0600 706167652037 22686922`,
  items: [
    {
      slot: 9,
      counter: 6,
      seq: 13,
      attempt: 2,
      id: 'order-21',
      queue: 'night',
      type: 'scan',
      extension: { sourceQueue: 'greet', checkpoint: PAGE, graph: null },
      payload: '"hi"',
    },
    {
      slot: 10,
      counter: 7,
      seq: 14,
      attempt: 2,
      id: 'order-22',
      queue: 'greet',
      extension: { sourceQueue: '', checkpoint: PAGE, graph: null },
      payload: '"hi"',
    },
  ],
  lengths: [
    { at: 32, bytes: 4 },
    { at: 38, bytes: 1 },
    { at: 39, bytes: 1 },
    { at: 53, bytes: 1 },
    { at: 58, bytes: 1 },
    { at: 60, bytes: 2 },
    { at: 93, bytes: 4 },
    { at: 99, bytes: 1 },
    { at: 100, bytes: 1 },
    { at: 114, bytes: 1 },
    { at: 116, bytes: 2 },
  ],
  zeros: [59, 115],
  flags: [],
  longs: [20, 81],
  versionMax: 4,
}

export const yieldedResult: Sample = {
  name: 'result of attempts that yield',
  kind: FRAME_KIND.result,
  write(pool) {
    const writer = new ResultWriter(pool)
    writer.begin(EPOCH)
    writer.add(9, 6, 13, 1_500, 1_000, '', RESULT_FLAG.yields, '', PAGE, 0, 6)
    writer.add(10, 7, 14, 1_500, 1_000, '', RESULT_FLAG.yields, '', NONE, 0, 0)
    return writer.finish()
  },
  newReader: () => new ResultReader(),
  hex: `53420304 0200 0000 00e897b69a010000
    09000000 0600000000000000 0d000000 06000000 dc050000 e8030000 00 02 0000 706167652037
    0a000000 0700000000000000 0e000000 00000000 dc050000 e8030000 00 02 0000`,
  items: [
    {
      slot: 9,
      counter: 6,
      seq: 13,
      heldUs: 1_500,
      workUs: 1_000,
      isFailure: false,
      isRetryable: false,
      yields: true,
      code: '',
      message: '',
      payload: 'page 7',
    },
    {
      slot: 10,
      counter: 7,
      seq: 14,
      heldUs: 1_500,
      workUs: 1_000,
      isFailure: false,
      isRetryable: false,
      yields: true,
      code: '',
      message: '',
      payload: '',
    },
  ],
  lengths: [
    { at: 32, bytes: 4 },
    { at: 44, bytes: 1 },
    { at: 46, bytes: 2 },
    { at: 70, bytes: 4 },
    { at: 82, bytes: 1 },
    { at: 84, bytes: 2 },
  ],
  zeros: [],
  flags: [
    { at: 45, known: 3 },
    { at: 83, known: 3 },
  ],
  longs: [20, 58],
  versionMax: 3,
}
