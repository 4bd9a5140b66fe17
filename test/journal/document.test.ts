import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Kind } from '../../src/journal/format.ts'
import { imageOf } from '../../src/journal/image.ts'
import { LAYOUT, proposeFields } from '../../src/journal/layout.ts'
import { COMMITTED } from '../../src/policy/core.ts'
import { text } from '../support/files.ts'
import { decode, line, recordsOf } from './decoder.mjs'
import { exampleRun, journalOf, smallCore } from './support.ts'

const page = text('docs/journal.md')

test('docs/journal.md: its tables are the records that are written, field by field', () => {
  const documented = Object.fromEntries(
    [...recordsOf(page).values()].map(({ name, fields }) => [
      name,
      fields.map(({ field, type }) => [field, type]),
    ]),
  )
  const built = { ...LAYOUT, PROPOSE: [...LAYOUT.PROPOSE, ...proposeFields(COMMITTED)] }
  expect(documented).toEqual(built)
  expect([...recordsOf(page)].map(([kind, { name }]) => [name, kind])).toEqual(Object.entries(Kind))
})

test('docs/journal.md: a reader made from the document alone reads every byte of a journal', () => {
  const core = smallCore()
  const bytes = journalOf(core, exampleRun)
  const { records, bytesRead } = decode(page, bytes)
  expect(bytesRead).toBe(bytes.length)
  expect(records.filter(({ end, readTo }) => end !== readTo)).toEqual([])
  const [head, image] = records
  expect(head).toMatchObject({ kind: 'HEAD', values: { magic: 0x314a4253, version: 6 } })
  expect(JSON.parse(head.values.about)).toMatchObject({
    name: 'small',
    startedAt: '2027-01-15T08:00:00.000Z',
    epoch: 1_800_000_000_000,
    counterStart: 0,
    strategies: ['least_loaded'],
    shape: { slotCount: 32 },
    policy: { leaseMs: 10_000 },
  })
  expect(image).toMatchObject({ kind: 'IMAGE', values: { part: 0, parts: 1 } })
  const { digest, events, effects } = records.at(-1)!.values
  expect(digest).toBe(createHash('sha256').update(imageOf(core)).digest('hex'))
  const kinds = records.map(({ kind }) => Kind[kind as keyof typeof Kind] as number)
  expect(kinds.filter((kind) => kind >= 16 && kind < 64).length).toBe(events)
  expect(kinds.filter((kind) => kind >= 64).length).toBe(effects)
})

/** Each record of the example: what it means, perhaps in several lines, then its bytes. */
function exampleOf(document: string): { hex: string; meanings: string[] } {
  const block = document.match(/^## An example$[\s\S]*?^```\n([\s\S]*?)^```$/m)![1]
  const isBytes = (row: string) => /^ {4}[0-9a-f]{2} /.test(row)
  const rows = block.trimEnd().split('\n')
  const meaning = rows.filter((row) => !isBytes(row)).join('\n')
  return {
    hex: rows.filter(isBytes).join('').replaceAll(/\s/g, ''),
    meanings: meaning.replaceAll(/\n +/g, ' ').split('\n'),
  }
}

test('docs/journal.md: the example is what a scheduler writes, and means what stands beside it', () => {
  const { hex, meanings } = exampleOf(page)
  const bytes = journalOf(smallCore(), exampleRun)
  const { records } = decode(page, bytes)
  const shown = records.slice(2, -1)
  expect(hex).toBe(Buffer.from(bytes.subarray(shown[0].from, shown.at(-1)!.end)).toString('hex'))
  expect(decode(page, Buffer.from(hex, 'hex')).records.map(line)).toEqual(meanings)
})
