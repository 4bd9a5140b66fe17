import { expect, test } from 'vitest'
import { PERSON_KEYS } from '../../src/config/people-keys.ts'
import { requireRoster } from '../../src/config/require-people.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { configuration, lines } from '../config/support.ts'

const QUEUES = 'queues: {review: {}, senior: {}}\n'
const of = (person: string) => lines(`${QUEUES}people:\n  alice: ${person}\n`)

test('people: what the file says is an option of the scheduler, in its units', () => {
  const { scheduler } = configuration(`${QUEUES}people:
  alice: {queues: [review], capacity: 3, hours: 'Mon-Fri 09:00-17:00', time_zone: Europe/Berlin}
  bob: {queues: [review, senior], capabilities: [labels], labels: {years: 7}}
`)
  expect(scheduler.people).toEqual({
    alice: {
      queues: ['review'],
      capacity: 3,
      hours: 'Mon-Fri 09:00-17:00',
      timeZone: 'Europe/Berlin',
    },
    bob: { queues: ['review', 'senior'], capabilities: ['labels'], labels: { years: 7 } },
  })
  const roster = requireRoster(scheduler.people, { queues: ['review', 'senior'] })
  expect(roster.get('bob')).toMatchObject({ capacity: 12, hours: '', timeZone: 'UTC' })
})

test.each([
  ['{}', '3:3: people.alice: "queues" is missing.'],
  ['{queues: []}', '3:19: people.alice.queues: (a list): name one queue at least.'],
  [
    '{queues: [reviews]}',
    '3:19: people.alice.queues: "reviews": there is no queue of that name: add it to the queues.',
  ],
  [
    '{queues: [review], hours: Mon-Fry 9:00-17:00}',
    '3:36: people.alice.hours: "Mon-Fry 9:00-17:00": "Fry" is no day: give Mon, Tue, Wed, Thu, Fri, Sat, Sun.',
  ],
  [
    '{queues: [review], time_zone: Europe/Berlim}',
    '3:40: people.alice.time_zone: "Europe/Berlim": there is no such time zone: give a name such as Europe/Berlin; did you mean "Europe/Berlin"?',
  ],
  [
    '{queues: [review], time_zone: New York}',
    '3:40: people.alice.time_zone: "New York": there is no such time zone: give a name such as Europe/Berlin; did you mean "America/New_York"?',
  ],
  [
    '{queues: [review], capacity: 0}',
    '3:39: people.alice.capacity: "0": give a whole number from 1 to 65535.',
  ],
  [
    '{queues: [review], working_hours: always}',
    '3:29: people.alice.working_hours: it is unknown; did you mean hours?',
  ],
])('people: %s is told of with its line and column', (person, line) => {
  expect(of(person)).toEqual([line])
})

test('people: numbers that no agent may say are told of too', () => {
  expect(of('{queues: [review], specializations: {ocr: 7}}')).toEqual([
    expect.stringMatching(/^3:\d+: people\.alice\.specializations: /),
  ])
})

test.each([
  [{ alice: { queues: ['nowhere'] } }, /people\.alice\.queues" is "nowhere": there is no queue/],
  [
    { alice: { queues: ['review'], hours: 'always' } },
    /people\.alice\.hours" is "always": "always" is none/,
  ],
  [
    { alice: { queues: ['review'], timeZone: 'Mars' } },
    /people\.alice\.timeZone" is "Mars": there is no such/,
  ],
  [{ alice: {} }, /people\.alice\.queues/],
  [{ 'no name': { queues: ['review'] } }, /name of a person/],
  [[], /people" is \(a list\): give an object of names/],
])('people: %j is refused in code as well', (people, message) => {
  const options = { queues: { review: {} }, strictQueues: true, people: people as never }
  expect(() => new Scheduler(options)).toThrow(message)
})

test('people: nobody has the name of an adopted agent', () => {
  const text = `${QUEUES}agents: [{subject: desk.alice, queues: [review]}]\npeople:\n  desk-alice: {queues: [review]}\n`
  expect(lines(text)).toEqual([
    '4:3: people.desk-alice: an adopted agent has the name: give each its own.',
  ])
  const nats = { agents: [{ subject: 'alice', queues: ['review'] }] }
  const people = { alice: { queues: ['review'] } }
  expect(() => new Scheduler({ nats, people })).toThrow('an adopted agent has the name')
})

test('people: every option of a person is a key of the table', () => {
  expect(PERSON_KEYS.map(({ option }) => option).sort()).toEqual(
    ['queues', 'capacity', 'capabilities', 'labels', 'specializations', 'hours', 'timeZone'].sort(),
  )
})
