/** Any extension of an item of a work frame. */
import fc from 'fast-check'
import { ANSWER_STATES } from '../../src/wire/frames.ts'

const token = fc.stringMatching(/^[A-Za-z0-9_-]{0,64}$/)
const input = fc.record({
  name: token,
  state: fc.constantFrom(...ANSWER_STATES),
  bytes: fc.option(fc.nat(2 ** 31)),
})
export const workExtension = fc.record({
  sourceQueue: token,
  checkpoint: fc.option(fc.uint8Array({ minLength: 1, maxLength: 4_096 })),
  graph: fc.option(
    fc.record({
      flow: token,
      node: token,
      inputs: fc.option(fc.array(input, { maxLength: 300, size: 'max' }), { freq: 5 }),
    }),
  ),
})
