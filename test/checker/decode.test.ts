import { expect, test } from 'vitest'
import { Checker } from '../../src/checker/check.ts'
import { recorded } from './load.ts'
import { encode } from './rows.ts'
import { Story } from './story.ts'

const sound = () => {
  const story = new Story()
  story.hello(0)
  for (let i = 0; i < 3; i++) {
    story.run(story.submit({ id: `ünï-${i}` }), 0)
    story.succeed(i)
  }
  story.end()
  return encode(story.rows)
}

test('checker: it reads the same whatever the pieces are in which the bytes come', () => {
  const bytes = recorded(4)
  const reports = [1, 7, 64, 1_000, bytes.length].map((size) => {
    const checker = new Checker(true)
    for (let at = 0; at < bytes.length; at += size) checker.push(bytes.subarray(at, at + size))
    return checker.finish()
  })
  expect(reports[0]).toMatchObject({ total: 0, ended: true, cut: false })
  expect(reports[0].outcomes).toBeGreaterThan(100)
  for (const report of reports) expect(report).toEqual(reports[0])
})

test('checker: a journal that is cut anywhere is judged as far as it goes', () => {
  const bytes = sound()
  const step = 4
  for (let length = 0; length < bytes.length; length += step) {
    const checker = new Checker(true)
    checker.push(bytes.subarray(0, length))
    expect(checker.finish()).toMatchObject({ total: 0, ended: false })
  }
  const checker = new Checker(true)
  checker.push(bytes.subarray(0, bytes.length - step))
  expect(checker.finish()).toMatchObject({ cut: true, outcomes: 3 })
})

test('checker: it counts what it has read', () => {
  const checker = new Checker(true)
  checker.push(sound())
  const { records, ...counts } = checker.finish()
  expect(counts).toMatchObject({ events: 13, effects: 7, tasks: 3, outcomes: 3 })
  expect(records).toBeGreaterThan(counts.events + counts.effects)
})

test('checker: records that it does not know are passed over', () => {
  const bytes = sound()
  const unknown = new Uint8Array(new Int32Array([200 | (3 << 8), 1, 2]).buffer)
  const checker = new Checker(true)
  checker.push(Buffer.concat([bytes.subarray(0, bytes.length - 52), unknown]))
  checker.push(bytes.subarray(bytes.length - 52))
  expect(checker.finish()).toMatchObject({ total: 0, ended: true, cut: false })
})

test('checker: what is no journal is refused', () => {
  const words = (...values: number[]) => new Uint8Array(new Int32Array(values).buffer)
  const read = (bytes: Uint8Array) => () => new Checker().push(bytes)
  expect(read(Buffer.from('this is no journal, it is a text'))).not.toThrow()
  expect(read(words(33 | (2 << 8), 0))).toThrow('No HEAD of version 6.')
  expect(read(Buffer.concat([sound(), words(17 | (2 << 8), 0)]))).toThrow('shorter than its fields')
  expect(read(Buffer.concat([sound(), words(17)]))).toThrow('shorter than its fields')
})

test('checker: findings are bounded, their number is not', () => {
  const story = new Story()
  for (let i = 0; i < 500; i++) story.outcome(i, 3)
  const { findings, total } = story.report()
  expect(findings.length).toBe(100)
  expect(total).toBeGreaterThanOrEqual(500)
})
