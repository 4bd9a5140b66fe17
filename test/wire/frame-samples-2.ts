/** Frames of version 2, each with an item that only that can say; docs/PROTOCOL.md prints the same. */
import type { TaskRouting } from '../../src/task.ts'
import {
  FRAME_KIND,
  RETRY_COUNT_OF_QUEUE,
  SUBMIT_FLAG,
  SubmitReader,
  SubmitWriter,
  submitExtension,
  TIMEOUT_OF_QUEUE,
  WorkReader,
  WorkWriter,
} from '../../src/wire/frames.ts'
import { EPOCH, HELLO, HI, NONE, type Sample } from './frame-sample.ts'

export const extendedSubmit: Sample = {
  name: 'extended submit',
  kind: FRAME_KIND.submit,
  write(pool) {
    const writer = new SubmitWriter(pool)
    writer.begin(7)
    const routing = { type: 'scan', strategy: 'affinity', match: 'fallback', prefers: ['german'] }
    const extension = submitExtension(routing as TaskRouting, 'book-7')
    const [timeoutMs, retryCount] = [TIMEOUT_OF_QUEUE, RETRY_COUNT_OF_QUEUE]
    const { wantsOutcome } = SUBMIT_FLAG
    writer.add(3, timeoutMs, retryCount, wantsOutcome, '', 'gpu>=24', HI, 0, 4, extension)
    writer.add(4, timeoutMs, retryCount, wantsOutcome, '', '', NONE, 0, 0)
    return writer.finish()
  },
  newReader: () => new SubmitReader(),
  hex: `53420201 0200 0000 0700000000000000
    03000000 04000000 00000000 ff 06 00 00 0700 1e00 6770753e3d3234
    06 04 08 03 0600 7363616e 616666696e697479 6765726d616e 626f6f6b2d37 22686922
    04000000 00000000 00000000 ff 02 00 00 0000 0000`,
  items: [
    {
      number: 3,
      timeoutMs: 0,
      retryCount: 255,
      wantsAccepted: false,
      wantsOutcome: true,
      id: '',
      requires: 'gpu>=24',
      extension: {
        type: 'scan',
        strategy: 'affinity',
        match: 3,
        prefers: 'german',
        key: 'book-7',
      },
      payload: '"hi"',
    },
    {
      number: 4,
      timeoutMs: 0,
      retryCount: 255,
      wantsAccepted: false,
      wantsOutcome: true,
      id: '',
      requires: '',
      payload: '',
    },
  ],
  lengths: [
    { at: 20, bytes: 4 },
    { at: 30, bytes: 1 },
    { at: 32, bytes: 2 },
    { at: 34, bytes: 2 },
    { at: 43, bytes: 1 },
    { at: 44, bytes: 1 },
    { at: 45, bytes: 1 },
    { at: 47, bytes: 2 },
    { at: 81, bytes: 4 },
    { at: 91, bytes: 1 },
    { at: 93, bytes: 2 },
  ],
  zeros: [31, 92, 95, 96],
  flags: [
    { at: 29, known: 7 },
    { at: 90, known: 3 },
  ],
  longs: [],
  versionMax: 3,
}

export const typedWork: Sample = {
  name: 'work of a type',
  kind: FRAME_KIND.work,
  write(pool) {
    const writer = new WorkWriter(pool)
    writer.begin(EPOCH)
    writer.add(7, 4, 11, 1, 'order-19', 'greet', HI, 0, 4, -1, 'scan')
    writer.add(8, 5, 12, 1, 'order-20', 'greet', HELLO, 2, 8)
    return writer.finish()
  },
  newReader: () => new WorkReader(),
  hex: `53420203 0200 0000 00e897b69a010000
    07000000 0400000000000000 0b000000 04000000 0100 08 85
    6f726465722d3139 6772656574 04 7363616e 22686922
    08000000 0500000000000000 0c000000 08000000 0100 08 05
    6f726465722d3230 6772656574 2248656c6c6f2122`,
  items: [
    {
      slot: 7,
      counter: 4,
      seq: 11,
      attempt: 1,
      id: 'order-19',
      queue: 'greet',
      type: 'scan',
      payload: '"hi"',
    },
    {
      slot: 8,
      counter: 5,
      seq: 12,
      attempt: 1,
      id: 'order-20',
      queue: 'greet',
      payload: '"Hello!"',
    },
  ],
  lengths: [
    { at: 32, bytes: 4 },
    { at: 38, bytes: 1 },
    { at: 39, bytes: 1 },
    { at: 53, bytes: 1 },
    { at: 78, bytes: 4 },
    { at: 84, bytes: 1 },
    { at: 85, bytes: 1 },
  ],
  zeros: [],
  flags: [],
  longs: [20, 66],
  versionMax: 4,
}
