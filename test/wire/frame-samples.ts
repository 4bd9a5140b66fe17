/** One frame of each kind, as bytes and as what they say; docs/PROTOCOL.md prints the same. */

import {
  AckReader,
  AckWriter,
  ANSWER,
  ANSWER_FLAG,
  AnswerReader,
  AnswerWriter,
  BeatReader,
  BeatWriter,
  FRAME_KIND,
  RESULT_FLAG,
  RETRY_COUNT_OF_QUEUE,
  ResultReader,
  ResultWriter,
  SUBMIT_FLAG,
  SubmitReader,
  SubmitWriter,
  TIMEOUT_OF_QUEUE,
  WorkReader,
  WorkWriter,
} from '../../src/wire/frames.ts'
import { EPOCH, HELLO, HI, LARGE_COUNTER, NONE, type Sample } from './frame-sample.ts'
import { extendedSubmit, typedWork } from './frame-samples-2.ts'
import { delayedAnswer, movedWork, promisedSubmit, yieldedResult } from './frame-samples-3.ts'
import { blockedAnswer, graphWork } from './frame-samples-4.ts'

const submit: Sample = {
  name: 'submit',
  kind: FRAME_KIND.submit,
  write(pool) {
    const writer = new SubmitWriter(pool)
    writer.begin(7)
    const both = SUBMIT_FLAG.wantsAccepted | SUBMIT_FLAG.wantsOutcome
    writer.add(1, TIMEOUT_OF_QUEUE, RETRY_COUNT_OF_QUEUE, both, 'order-17', '', HI, 0, 4)
    writer.add(2, 90_000, 0, SUBMIT_FLAG.wantsOutcome, '', 'ocr,german', NONE, 0, 0)
    return writer.finish()
  },
  newReader: () => new SubmitReader(),
  hex: `53420101 0200 0000 0700000000000000
    01000000 04000000 00000000 ff 03 08 00 0000 0000 6f726465722d3137 22686922
    02000000 00000000 905f0100 00 02 00 00 0a00 0000 6f63722c6765726d616e`,
  items: [
    {
      number: 1,
      timeoutMs: 0,
      retryCount: 255,
      wantsAccepted: true,
      wantsOutcome: true,
      id: 'order-17',
      requires: '',
      payload: '"hi"',
    },
    {
      number: 2,
      timeoutMs: 90_000,
      retryCount: 0,
      wantsAccepted: false,
      wantsOutcome: true,
      id: '',
      requires: 'ocr,german',
      payload: '',
    },
  ],
  lengths: [
    { at: 20, bytes: 4 },
    { at: 30, bytes: 1 },
    { at: 32, bytes: 2 },
    { at: 52, bytes: 4 },
    { at: 62, bytes: 1 },
    { at: 64, bytes: 2 },
  ],
  zeros: [31, 34, 35, 63, 66, 67],
  flags: [
    { at: 29, known: 3 },
    { at: 61, known: 3 },
  ],
  longs: [],
  versionMax: 3,
}

const answer: Sample = {
  name: 'answer',
  kind: FRAME_KIND.answer,
  write(pool) {
    const writer = new AnswerWriter(pool)
    writer.begin(EPOCH)
    const wait = 'no agent serves greet'
    writer.add(1, ANSWER.accepted, 0, 0, 'order-17', 0, '', wait, 0, NONE, 0, 0)
    writer.add(1, ANSWER.outcome, 3, 0, '', 0, '', '', 1, HELLO, 2, 8)
    const full = '“greet” is full.'
    writer.add(
      2,
      ANSWER.refused,
      0,
      ANSWER_FLAG.retryable,
      '',
      429,
      'queue_full',
      full,
      0,
      HI,
      0,
      0,
    )
    return writer.finish()
  },
  newReader: () => new AnswerReader(),
  hex: `53420102 0300 0000 00e897b69a010000
    01000000 01 00 00 08 0000 00 00 1500 0000 00000000 00000000
    6f726465722d3137 6e6f206167656e7420736572766573206772656574
    01000000 02 03 00 00 0000 00 00 0000 0100 08000000 00000000 2248656c6c6f2122
    02000000 03 00 02 00 ad01 0a 00 1400 0000 00000000 00000000
    71756575655f66756c6c e2809c6772656574e2809d2069732066756c6c2e`,
  items: [
    {
      number: 1,
      what: 1,
      state: 0,
      isDuplicate: false,
      isRetryable: false,
      status: 0,
      attempts: 0,
      id: 'order-17',
      code: '',
      message: 'no agent serves greet',
      payload: '',
    },
    {
      number: 1,
      what: 2,
      state: 3,
      isDuplicate: false,
      isRetryable: false,
      status: 0,
      attempts: 1,
      id: '',
      code: '',
      message: '',
      payload: '"Hello!"',
    },
    {
      number: 2,
      what: 3,
      state: 0,
      isDuplicate: false,
      isRetryable: true,
      status: 429,
      attempts: 0,
      id: '',
      code: 'queue_full',
      message: '“greet” is full.',
      payload: '',
    },
  ],
  lengths: [
    { at: 23, bytes: 1 },
    { at: 26, bytes: 1 },
    { at: 28, bytes: 2 },
    { at: 32, bytes: 4 },
  ],
  zeros: [27, 36, 37, 38, 39],
  flags: [{ at: 22, known: 3 }],
  longs: [],
  versionMax: 4,
}

const work: Sample = {
  name: 'work',
  kind: FRAME_KIND.work,
  write(pool) {
    const writer = new WorkWriter(pool)
    writer.begin(EPOCH)
    writer.add(5, LARGE_COUNTER, 9, 1, 'order-17', 'greet', HI, 0, 4)
    writer.add(6, LARGE_COUNTER + 1, 10, 3, 'order-18', 'greet', HELLO, 2, 8)
    return writer.finish()
  },
  newReader: () => new WorkReader(),
  hex: `53420103 0200 0000 00e897b69a010000
    05000000 0200000001000000 09000000 04000000 0100 08 05
    6f726465722d3137 6772656574 22686922
    06000000 0300000001000000 0a000000 08000000 0300 08 05
    6f726465722d3138 6772656574 2248656c6c6f2122`,
  items: [
    {
      slot: 5,
      counter: LARGE_COUNTER,
      seq: 9,
      attempt: 1,
      id: 'order-17',
      queue: 'greet',
      payload: '"hi"',
    },
    {
      slot: 6,
      counter: LARGE_COUNTER + 1,
      seq: 10,
      attempt: 3,
      id: 'order-18',
      queue: 'greet',
      payload: '"Hello!"',
    },
  ],
  lengths: [
    { at: 32, bytes: 4 },
    { at: 38, bytes: 1 },
    { at: 39, bytes: 1 },
  ],
  zeros: [],
  flags: [],
  longs: [20],
  versionMax: 4,
}

const result: Sample = {
  name: 'result',
  kind: FRAME_KIND.result,
  write(pool) {
    const writer = new ResultWriter(pool)
    writer.begin(EPOCH)
    writer.add(5, LARGE_COUNTER, 9, 1_500, 1_000, '', 0, '', HELLO, 2, 8)
    const { retryable } = RESULT_FLAG
    writer.add(6, 3, 10, 2 ** 40, 70_000, 'paper_jam', retryable, 'Café closed.', NONE, 0, 0)
    return writer.finish()
  },
  newReader: () => new ResultReader(),
  hex: `53420104 0200 0000 00e897b69a010000
    05000000 0200000001000000 09000000 08000000 dc050000 e8030000 00 00 0000 2248656c6c6f2122
    06000000 0300000000000000 0a000000 00000000 ffffffff 70110100 09 01 0d00
    70617065725f6a616d 436166c3a920636c6f7365642e`,
  items: [
    {
      slot: 5,
      counter: LARGE_COUNTER,
      seq: 9,
      heldUs: 1_500,
      workUs: 1_000,
      isFailure: false,
      isRetryable: false,
      code: '',
      message: '',
      payload: '"Hello!"',
    },
    {
      slot: 6,
      counter: 3,
      seq: 10,
      heldUs: 2 ** 32 - 1,
      workUs: 70_000,
      isFailure: true,
      isRetryable: true,
      code: 'paper_jam',
      message: 'Café closed.',
      payload: '',
    },
  ],
  lengths: [
    { at: 32, bytes: 4 },
    { at: 44, bytes: 1 },
    { at: 46, bytes: 2 },
    { at: 72, bytes: 4 },
    { at: 84, bytes: 1 },
    { at: 86, bytes: 2 },
  ],
  zeros: [],
  flags: [
    { at: 45, known: 1 },
    { at: 85, known: 1 },
  ],
  longs: [20, 60],
  versionMax: 3,
}

const acknowledge: Sample = {
  name: 'acknowledge',
  kind: FRAME_KIND.acknowledge,
  write(pool) {
    const writer = new AckWriter(pool)
    writer.begin(EPOCH)
    writer.add(LARGE_COUNTER)
    writer.add(3)
    return writer.finish()
  },
  newReader: () => new AckReader(),
  hex: `53420105 0200 0000 00e897b69a010000 0200000001000000 0300000000000000`,
  items: [{ counter: LARGE_COUNTER }, { counter: 3 }],
  lengths: [],
  zeros: [],
  flags: [],
  longs: [16, 24],
  versionMax: 1,
}

const beat: Sample = {
  name: 'beat',
  kind: FRAME_KIND.beat,
  write(pool) {
    const writer = new BeatWriter(pool)
    writer.begin(EPOCH, LARGE_COUNTER, 'k7Qm2xVw9a')
    writer.add(LARGE_COUNTER)
    return writer.finish()
  },
  newReader: () => new BeatReader(),
  hex: `53420106 0100 0000 00e897b69a010000
    0200000001000000 0a 00000000000000 6b37516d327856773961 0200000001000000`,
  items: [{ counter: LARGE_COUNTER }],
  lengths: [{ at: 24, bytes: 1 }],
  zeros: [25, 26, 27, 28, 29, 30, 31],
  flags: [],
  longs: [16, 42],
  versionMax: 1,
}

/** In the order of the document. */
export const SAMPLES: readonly Sample[] = [
  submit,
  extendedSubmit,
  promisedSubmit,
  answer,
  delayedAnswer,
  blockedAnswer,
  work,
  typedWork,
  movedWork,
  graphWork,
  result,
  yieldedResult,
  acknowledge,
  beat,
]

export function sampleOf(name: string): Sample {
  const found = SAMPLES.find((sample) => sample.name === name)
  if (found === undefined) throw new Error(`no sample ${name}`)
  return found
}

export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/\s+/g, ''), 'hex'))
}
