/** The bytes of docs/PROTOCOL.md, read by its own program, which knows nothing of ours. */
import { expect, test } from 'vitest'
import { ANSWER_STATES, type WorkGraph } from '../src/wire/frames.ts'
import { blocksOf } from './client/transcript.ts'
import { text } from './support/files.ts'
import { bytesOfHex, SAMPLES } from './wire/frame-samples.ts'

interface DocumentedFrame {
  kind: number
  number: number
  items: Record<string, unknown>[]
}

const page = text('docs/PROTOCOL.md')
const chapter = page.slice(page.indexOf('\n## Frames\n'), page.indexOf('\n## Control calls\n'))
const hexes = blocksOf(chapter, 'frame').map(hexOf)
const readings = blocksOf(chapter, 'json').map((block) => JSON.parse(block) as DocumentedFrame)

/** @returns the bytes of a block whose lines are hexadecimal, then four spaces and what it means. */
function hexOf(block: string): string {
  const lines = block.trimEnd().split('\n')
  return lines
    .map((line) => {
      const [, bytes] = /^((?:[0-9a-f]{2} {1,2})+) {2}\s*\S/.exec(line) ?? []
      if (bytes === undefined) throw new Error(`not bytes and their meaning: ${line}`)
      return bytes.replaceAll(' ', '')
    })
    .join('')
}

async function documentedReader(): Promise<(bytes: Uint8Array) => DocumentedFrame> {
  const program = blocksOf(page, 'js').find((block) => block.startsWith('// read-frame.mjs'))
  const source = Buffer.from(program ?? '').toString('base64')
  const module = await import(/* @vite-ignore */ `data:text/javascript;base64,${source}`)
  return module.readFrame
}

test('protocol: every kind of frame is shown, as bytes and as what they say', () => {
  expect(hexes.length).toBe(SAMPLES.length)
  expect(readings.map(({ kind }) => kind)).toEqual(SAMPLES.map(({ kind }) => kind))
})

test.each(SAMPLES.map(({ name }, index) => ({ name, index })))(
  'protocol: the $name frame is what Signalbox writes, and says what stands below it',
  async ({ index }) => {
    const readFrame = await documentedReader()
    const { hex, items } = SAMPLES[index]
    expect(hexes[index]).toBe(hex.replace(/\s+/g, ''))
    const read = readFrame(bytesOfHex(hexes[index]))
    expect(read).toEqual(readings[index])
    expect(read.items.length).toBe(items.length)
    for (const [number, item] of items.entries()) {
      expect(read.items[number]).toMatchObject(sharedPart(item, read.items[number]))
    }
  },
)

const FLAGS: readonly string[] = [
  'wantsAccepted',
  'wantsOutcome',
  'isDuplicate',
  'isRetryable',
  'isFailure',
  'yields',
]

/** Flags stand as one number in the document, and one by one in what a reader shows. */
function sharedPart(item: object, documented: object): object {
  const said = Object.entries(item).filter(([key]) => !FLAGS.includes(key))
  expect(said.length).toBeGreaterThan(0)
  for (const [key] of said) expect(documented).toHaveProperty(key)
  return Object.fromEntries(said.map(([key, value]) => [key, inWords(key, value)]))
}

/** As the document's reader, which knows neither of our objects nor of bytes, shows it. */
function inWords(key: string, value: unknown): unknown {
  if (key === 'promises') {
    const { own, atMs } = value as { own: object; atMs: number | null }
    return { ...own, at: atMs ?? 0 }
  }
  const { checkpoint } = value as { checkpoint?: Uint8Array | null }
  if (checkpoint === undefined) return value
  const { graph, ...rest } = value as { graph: WorkGraph | null }
  const text = Buffer.from(checkpoint ?? '').toString()
  if (graph === null) return { ...rest, checkpoint: text }
  const inputs = graph.inputs?.map(({ state, ...input }) => ({
    ...input,
    state: ANSWER_STATES.indexOf(state),
  }))
  return { ...rest, checkpoint: text, graph: { ...graph, inputs: inputs ?? null } }
}

test('protocol: the program of the document refuses a frame that is not whole', async () => {
  const readFrame = await documentedReader()
  for (const { hex } of SAMPLES) {
    const frame = bytesOfHex(hex)
    for (let length = 0; length < frame.length; length++) {
      expect(() => readFrame(frame.subarray(0, length))).toThrow()
    }
    expect(() => readFrame(Buffer.concat([frame, new Uint8Array(1)]))).toThrow('whole')
  }
})
