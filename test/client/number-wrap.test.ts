/** A client that has submitted four thousand million tasks, as far as its numbers can tell. */
import { expect, test } from 'vitest'
import { Inbox } from '../../src/client/inbox.ts'
import { dial, Link } from '../../src/client/link.ts'
import { Submitter } from '../../src/client/submitter/submitter.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { Submissions } from '../../src/submit/submissions.ts'
import { windowOf } from '../../src/submit/window.ts'
import { withNats } from '../support/nats.ts'

const nats = withNats()

test('numbers: tasks before and behind 2^32 get their own answers', async () => {
  const scheduler = await new Scheduler({ nats: nats.url, routers: 0 }).start()
  await scheduler.agent({ queues: ['echo'], concurrency: 100 }, (task) => task.json())
  const link = new Link(await dial({ servers: nats.url }), 'sb', 1_000)
  const inbox = new Inbox(link, '_INBOX')
  await inbox.open()
  const submitter = new Submitter(link, inbox, windowOf({}), 0xffff_ff80)
  const submissions = new Submissions(submitter)
  const handle = await submissions.submit('echo', 'before')
  const seen: number[] = []
  const payloads = Array.from({ length: 500 }, (_, i) => i)
  const totals = await submissions.submitMany('echo', payloads, {
    onOutcome: (outcome) => {
      expect(outcome.json()).toBe(outcome.index)
      seen.push(outcome.index)
    },
  })
  expect([totals.completed, new Set(seen).size]).toEqual([500, 500])
  await expect(handle.result()).resolves.toBe('before')
  await expect(submissions.run('echo', 'behind')).resolves.toBe('behind')
  expect(submitter.inFlight.count).toBe(0)
  await link.close()
  await scheduler.stop()
})
