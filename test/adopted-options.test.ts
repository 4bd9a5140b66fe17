import { expect, test } from 'vitest'
import { natsOptions } from '../src/scheduler-options.ts'

const checked = (agents: unknown, more: object = {}) =>
  natsOptions({ ...more, nats: { agents } } as never)?.agents

test('adopted agents: a subject is enough, the rest follows from it', () => {
  expect(checked([{ subject: 'work.ocr' }])).toEqual([
    {
      subject: 'work.ocr',
      name: 'work-ocr',
      queues: ['ocr'],
      capabilities: [],
      labels: {},
      specializations: {},
      concurrency: 1,
    },
  ])
  expect(natsOptions({ nats: 'box:4222' })?.agents).toEqual([])
})

test('adopted agents: all can be said', () => {
  const said = {
    ...{ subject: 'a.b.C', name: 'me', queues: ['q', 'p', 'q'], capabilities: ['y', 'x'] },
    concurrency: 65_535,
    labels: { gpu: 24 },
    specializations: { scan: 0.9 },
  }
  expect(checked([said])).toMatchObject([{ ...said, queues: ['p', 'q'], capabilities: ['x', 'y'] }])
  expect(checked([{ subject: 'ocr', queues: ['*'] }], { strictQueues: true })).toHaveLength(1)
})

test.each([
  ['not a list', { subject: 'a' }, 'bad_option', /"nats\.agents" is \(an object\)/],
  ['not an object', ['work.ocr'], 'bad_option', /"nats\.agents\[0\]" is "work\.ocr"/],
  ['an unknown key', [{ subject: 'a', size: 3 }], 'bad_option', /agents\[0\]\.size" is "3".*known/],
  ['no subject', [{ concurrency: 3 }], 'bad_option', /agents\[0\]\.subject" is "undefined"/],
  ['an empty token', [{ subject: 'a..b' }], 'bad_option', /give a subject/],
  ['a space', [{ subject: 'a b' }], 'bad_option', /give a subject/],
  ['a line break', [{ subject: 'a\r\nPUB b 0' }], 'bad_option', /give a subject/],
  ['too long', [{ subject: 'a'.repeat(256) }], 'bad_option', /at most 255/],
  ['a wildcard', [{ subject: 'work.*' }], 'bad_option', /wildcards/],
  ['the rest', [{ subject: 'work.>' }], 'bad_option', /wildcards/],
  ['the server’s', [{ subject: '$SYS.REQ' }], 'bad_option', /server’s own/],
  ['ours', [{ subject: 'sb.task.ocr' }], 'bad_option', /in circles/],
  [
    'a name twice',
    [{ subject: 'a.b' }, { subject: 'a-b' }],
    'bad_option',
    /agents\[1\]\.name" is "a-b"/,
  ],
  ['no name', [{ subject: 'a/b', queues: ['q'] }], 'bad_token', /on "a\/b": The agent id/],
  ['no queue', [{ subject: 'a', queues: [] }], 'bad_option', /on "a": "queues"/],
  ['a bad queue', [{ subject: 'a', queues: ['x y'] }], 'bad_token', /queue "x y"/],
  [
    'a bad label',
    [{ subject: 'a', labels: { gpu: 'x' } }],
    'bad_option',
    /on "a": The label "gpu"/,
  ],
  [
    'no place',
    [{ subject: 'a', concurrency: 0 }],
    'bad_concurrency',
    /on "a": The concurrency "0"/,
  ],
])('adopted agents: %s is refused', (_, agents, code, message) => {
  expect(() => checked(agents)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  )
})

test('adopted agents: a strict scheduler wants to know their queues', () => {
  const strict = { strictQueues: true, queues: { mail: {} } }
  expect(checked([{ subject: 'work.mail' }], strict)).toHaveLength(1)
  expect(() => checked([{ subject: 'work.ocr' }], strict)).toThrow(
    'Option "nats.agents[0].queues" is "ocr": it is none of the configured queues (mail); ' +
      'say which it serves.',
  )
})

test('adopted agents: the prefix may be another, then "sb" is anybody’s', () => {
  const options = { nats: { prefix: 'yard', agents: [{ subject: 'sb.ocr' }] } }
  expect(natsOptions(options)?.agents).toHaveLength(1)
  options.nats.agents = [{ subject: 'yard.ocr' }]
  expect(() => natsOptions(options)).toThrow(/in circles/)
})
