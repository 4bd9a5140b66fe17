/**
 * Keys of a person who takes tasks, in the file and in TypeScript.
 *
 * Runs in any thread. Invariant: every key of `PersonOptions` is here, once.
 */
import { LIMITS } from '../options.ts'
import { type Key, KeyMaker } from './key.ts'

export const PERSON_DEFAULTS = {
  capacity: LIMITS.capacityDefault,
  hours: '',
  timeZone: 'UTC',
}

const person = new KeyMaker(PERSON_DEFAULTS)

export const PERSON_KEYS: readonly Key[] = [
  person.names('queues', 'queues', LIMITS.queuesPerAgentMax, 'Queues whose tasks come to them.', {
    isRequired: true,
    also: ['pools', 'serves'],
  }),
  person.whole(
    'capacity',
    'capacity',
    [1, LIMITS.concurrencyMax],
    'Tasks in the inbox at a time, claimed ones among them.',
    { also: ['max_capacity', 'concurrency', 'workload'] },
  ),
  person.names('capabilities', 'capabilities', LIMITS.capabilitiesMax, 'What they can do.', {
    also: ['skills'],
  }),
  person.numbers('labels', 'labels', 'Numbers that tasks may compare.'),
  person.numbers('specializations', 'specializations', 'How good they are at a type, 0 to 1.'),
  person.text(
    'hours',
    'hours',
    'When tasks come: `Mon-Fri 09:00-17:00`, several joined by commas; always without.',
    { none: '', also: ['working_hours', 'schedule'] },
  ),
  person.text('time_zone', 'timeZone', 'Of the hours: a name of the IANA database.', {
    also: ['timezone', 'tz', 'zone'],
  }),
]
