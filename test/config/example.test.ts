import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { root, text } from '../support/files.ts'
import { withNats } from '../support/nats.ts'
import { program } from '../support/node-script.ts'

const folder = join(root, 'examples/regulatory-review')
const nats = withNats()
afterAll(() => rmSync(join(folder, 'validation-errors.jsonl'), { force: true }))

test('example: regulatory review runs as its page says, with source document 004’s message', async () => {
  const said = await program(join(folder, 'run.sh'), [], {
    env: {
      NATS_URL: nats.url,
      SIGNALBOX: `${process.execPath} ${join(root, 'dist/src/cli/main.js')}`,
    },
    timeoutMs: 60_000,
  })
  expect(said).toContain('signalbox.yaml is right.')
  expect(said).toMatch(
    /Scheduler regulatory-review serves data_validation, gap_analysis, .*supervisor on /,
  )
  expect(said).toMatch(/msg-50-gap-001 +ra_review_high +assigned +ra[123] +4 high +93/)
  expect(said).toMatch(/^ {2}gap_analysis +gap-analyst +1 .* predicate_ranking \(rule 2\)$/m)
  expect(said).toMatch(/^ {2}confidence_filtering +router +1 .* ra_review_high \(rule 2\)$/m)
  expect(said).toContain('{"decision":"accept","by":"ra1","comment":"predicates are sound"')
}, 70_000)

test('example: what its page names is there', () => {
  const page = text('examples/regulatory-review/README.md')
  for (const [, file] of page.matchAll(/\]\((?!http)([^)#]+)/g)) {
    expect(existsSync(join(folder, file)), file).toBe(true)
  }
  const { message_id: id, metadata } = JSON.parse(text('examples/regulatory-review/message.json'))
  expect(id).toBe('msg-50-gap-001')
  expect(metadata).toEqual({
    ttl_seconds: 90,
    processing_timeout: 120,
    sla_target_seconds: 180,
    estimated_duration: 45,
  })
})
