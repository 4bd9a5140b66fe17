import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/config/read.ts'
import { configSchema, SCHEMA_FILE, schemaText } from '../../src/config/schema.ts'
import { effectiveConfig, effectiveYaml } from '../../src/config/show.ts'
import { text } from '../support/files.ts'
import { accepts, configuration } from './support.ts'

const schema = configSchema()
const EXAMPLE = text('examples/regulatory-review/signalbox.yaml')

test('config schema: the file that is shipped is what the table makes', () => {
  expect(text(SCHEMA_FILE)).toBe(schemaText())
})

test('config schema: it takes source document 004’s file and the example', () => {
  expect(accepts(schema, parse(text('test/config/queue-config.yaml')))).toBe(true)
  expect(accepts(schema, parse(EXAMPLE))).toBe(true)
})

test.each([
  { quues: {} },
  { queues: { a: { ttl: 5 } } },
  { queues: { a: { ttl_seconds: '5' } } },
  { queues: { a: { ttl_seconds: -1 } } },
  { queues: { a: { type: 'LIFO' } } },
  { queues: { a: { priority: 6 } } },
  { queues: { 'a b': {} } },
  { queues: { a: { sla_targets: { highest: 5 } } } },
  { scheduler: { slots: 100 } },
  { dead_letters: { a: { file: 'x' } } },
  { agents: [{ concurrency: 5 }] },
  { ledger: true },
])('config schema: %j is refused, by the reader too', (value) => {
  expect(accepts(schema, value)).toBe(false)
  expect(readConfig(JSON.stringify(value), 'f.yaml').configuration).toBeNull()
})

test('config schema: every key has a sentence, for editors', () => {
  const silent: string[] = []
  const look = (at: string, each: Record<string, unknown>): void => {
    for (const [name, one] of Object.entries((each.properties ?? {}) as object)) {
      if (typeof one.description !== 'string') silent.push(`${at}.${name}`)
      look(`${at}.${name}`, one)
    }
    for (const one of (each.anyOf ?? []) as Record<string, unknown>[]) look(at, one)
  }
  look('', schema)
  expect(silent).toEqual([])
})

test('config show: it is the example with every default, and comes to the same when read again', () => {
  const first = configuration(EXAMPLE)
  const shown = effectiveYaml(first)
  const again = configuration(shown)
  expect(effectiveConfig(again)).toEqual(effectiveConfig(first))
  expect(accepts(schema, parse(shown))).toBe(true)
  const { queues, scheduler } = effectiveConfig(first) as Record<string, Record<string, unknown>>
  expect(scheduler).toMatchObject({ name: 'regulatory-review', routers: 2, lease_seconds: 10 })
  expect(queues.gap_analysis).toMatchObject({
    type: 'fifo',
    ttl_seconds: 90,
    retry_on: ['timeout', 'api_error'],
    retry_delay_max_seconds: 3_600,
    loss_limit: 10,
  })
})

test('config show: defaults of a file stand in its queues', () => {
  const text =
    'queue_defaults: {ttl_seconds: 5, boost_after_seconds: {low: 1}}\nqueues: {a: {retry_count: 0}}'
  expect(effectiveConfig(configuration(text)).queues).toMatchObject({
    a: {
      ttl_seconds: 5,
      retry_count: 0,
      boost_after_seconds: { background: 14_400, low: 1, normal: 3_600 },
    },
  })
})

test('config show: what is secret is said to be set, and not shown', () => {
  const text = 'nats: {user: me, password: hush, servers: a:1}\nhttp: {port: 1, token: hush}'
  const shown = effectiveYaml(configuration(text))
  expect(shown).not.toContain('hush')
  expect(shown).toContain('# nats.password is set, and not shown.')
  expect(shown).toContain('# http.token is set, and not shown.')
  expect(shown).toContain('user: me')
})

test('config show: a user and password in an address are not shown either', () => {
  const text = 'nats: {servers: ["nats://me:hush@a:1", "nats://b:2"]}'
  const shown = effectiveYaml(configuration(text))
  expect(shown).not.toContain('hush')
  expect(shown).toContain('a:1')
})
