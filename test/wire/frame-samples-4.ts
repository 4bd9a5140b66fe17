/** Frames of version 4, each with an item that only that can say; docs/PROTOCOL.md prints the same. */
import {
  ANSWER,
  AnswerReader,
  AnswerWriter,
  FRAME_KIND,
  WorkReader,
  WorkWriter,
} from '../../src/wire/frames.ts'
import { EPOCH, HI, NONE, type Sample } from './frame-sample.ts'

export const blockedAnswer: Sample = {
  name: 'answer of a task that waits for others',
  kind: FRAME_KIND.answer,
  write(pool) {
    const writer = new AnswerWriter(pool)
    writer.begin(EPOCH)
    writer.add(7, ANSWER.accepted, 9, 0, 'order-25', 0, '', '', 0, NONE, 0, 0)
    return writer.finish()
  },
  newReader: () => new AnswerReader(),
  hex: `53420402 0100 0000 00e897b69a010000
    07000000 01 09 00 08 0000 00 00 0000 0000 00000000 00000000 6f726465722d3235`,
  items: [
    {
      number: 7,
      what: 1,
      state: 9,
      isDuplicate: false,
      isRetryable: false,
      status: 0,
      attempts: 0,
      id: 'order-25',
      code: '',
      message: '',
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

const GRAPH = {
  flow: 'sheet-7',
  node: 'join',
  inputs: [
    { name: 'left', state: 'completed', bytes: 12 },
    { name: 'right', state: 'failed', bytes: null },
  ],
} as const
const ASKED = { flow: '', node: '', inputs: null }

export const graphWork: Sample = {
  name: 'work with inputs',
  kind: FRAME_KIND.work,
  write(pool) {
    const writer = new WorkWriter(pool)
    writer.begin(EPOCH)
    const joins = { sourceQueue: '', checkpoint: null, graph: GRAPH }
    writer.add(11, 8, 15, 1, 'order-23', 'greet', HI, 0, 4, -1, '', joins)
    const asks = { sourceQueue: 'greet', checkpoint: null, graph: ASKED }
    writer.add(12, 9, 16, 1, 'order-24', 'night', HI, 0, 4, -1, '', asks)
    return writer.finish()
  },
  newReader: () => new WorkReader(),
  hex: `53420403 0200 0000 00e897b69a010000
    0b000000 0800000000000000 0f000000 04000000 0100 88 05
    6f726465722d3233 6772656574 00 01 0000 07 04 0200 73686565742d37 6a6f696e
    04 03 0c000000 6c656674 05 04 ffffffff 7269676874 22686922
    0c000000 0900000000000000 10000000 04000000 0100 88 05
    6f726465722d3234 6e69676874 05 01 0000 6772656574 00 00 ffff 22686922`,
  items: [
    {
      slot: 11,
      counter: 8,
      seq: 15,
      attempt: 1,
      id: 'order-23',
      queue: 'greet',
      extension: { sourceQueue: '', checkpoint: null, graph: GRAPH },
      payload: '"hi"',
    },
    {
      slot: 12,
      counter: 9,
      seq: 16,
      attempt: 1,
      id: 'order-24',
      queue: 'night',
      extension: { sourceQueue: 'greet', checkpoint: null, graph: ASKED },
      payload: '"hi"',
    },
  ],
  lengths: [
    { at: 32, bytes: 4 },
    { at: 38, bytes: 1 },
    { at: 39, bytes: 1 },
    { at: 53, bytes: 1 },
    { at: 55, bytes: 2 },
    { at: 57, bytes: 1 },
    { at: 58, bytes: 1 },
    { at: 59, bytes: 2 },
    { at: 72, bytes: 1 },
    { at: 82, bytes: 1 },
    { at: 113, bytes: 4 },
    { at: 119, bytes: 1 },
    { at: 120, bytes: 1 },
    { at: 134, bytes: 1 },
    { at: 136, bytes: 2 },
    { at: 143, bytes: 1 },
    { at: 144, bytes: 1 },
    { at: 145, bytes: 2 },
  ],
  zeros: [],
  flags: [
    { at: 54, known: 1 },
    { at: 135, known: 1 },
  ],
  longs: [20, 101],
  versionMax: 4,
}
