import { expect, test } from 'vitest'
import { configChanges } from '../../src/config/changes.ts'
import { configuration } from './support.ts'

const BEFORE = `
scheduler: {name: box}
queue_defaults: {retry_count: 1}
queues:
  a: {ttl_seconds: 5}
  b: {}
dead_letters:
  a: {route: keep}
nats: {servers: a:1}
`
const changes = (after: string) => configChanges(configuration(BEFORE), configuration(after))
const none = { needsRestart: [], added: [], changed: [], routes: [], people: [] }

test('config changes: the same file, otherwise written, changes nothing', () => {
  const same = BEFORE.replace('a: {ttl_seconds: 5}', 'a: {retry_count: 1, ttl_seconds: 5.0}')
  expect(changes(`# a word\n${same}`)).toEqual(none)
})

test('config changes: new queues, other options and other routes are told apart', () => {
  const after = BEFORE.replace('  b: {}', '  b: {concurrency: 2}\n  c: {}').replace(
    '{route: keep}',
    '{route: queue, queue: c}',
  )
  expect(changes(after)).toEqual({ ...none, added: ['c'], changed: ['b'], routes: ['a'] })
})

test('config changes: another default changes the queues that have no value of their own', () => {
  const after = BEFORE.replace('retry_count: 1', 'retry_count: 3').replace(
    '  b: {}',
    '  b: {retry_count: 1}',
  )
  expect(changes(after)).toEqual({ ...none, changed: ['a'] })
})

test('config changes: a route that goes is a route that changes', () => {
  expect(changes(BEFORE.replace(/dead_letters:\n.*\n/, ''))).toEqual({ ...none, routes: ['a'] })
})

test('config changes: who is new, gone or has other options is named', () => {
  const people = 'people:\n  alice: {queues: [a]}\n  bob: {queues: [a]}\n  carol: {queues: [b]}\n'
  const before = configuration(`${BEFORE}${people}`)
  const after = configuration(
    `${BEFORE}${people.replace('bob: {queues: [a]}', 'bob: {queues: [a, b]}').replace('carol', 'dave')}`,
  )
  expect(configChanges(before, after)).toEqual({ ...none, people: ['bob', 'carol', 'dave'] })
})

test.each([
  ['name: box', 'name: other', 'scheduler cannot be changed without a restart'],
  ['servers: a:1', 'servers: a:2', 'nats cannot be changed without a restart'],
  ['nats:', 'keep: {count: 5}\nnats:', 'keep cannot be changed without a restart'],
  ['  b: {}\n', '', 'queue b cannot be taken away without a restart: pause it instead'],
])('config changes: %j instead of %j needs a restart', (from, to, sentence) => {
  expect(changes(BEFORE.replace(from, to)).needsRestart).toEqual([sentence])
})

test('config changes: defaults of queues that may come into being need a restart', () => {
  const loose = BEFORE.replace('{name: box}', '{name: box, strict_queues: false}')
  const after = configuration(loose.replace('retry_count: 1', 'retry_count: 2'))
  expect(configChanges(configuration(loose), after).needsRestart).toEqual([
    'queue_defaults cannot be changed without a restart while queues may come into being',
  ])
})
