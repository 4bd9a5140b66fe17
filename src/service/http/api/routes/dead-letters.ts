/** Routes of dead letters: look at them, try them again, delete them. Main thread. */
import { SignalboxError } from '../../../../errors.ts'
import type { ListDeadLettersOptions } from '../../../../promise-views.ts'
import { quote } from '../../../../wire/tokens.ts'
import { CURSOR, LIMIT, routesOf } from '../route.ts'
import { anything, count, options, yesNo } from '../schema.ts'
import { deadLetter, deadLetterPage, purgeResult, replayResult } from '../schemas/queues.ts'

const letter = routesOf('dead letters')

export const DEAD_LETTER_ROUTES = [
  letter({
    on: 'GET /dead-letters',
    name: 'listDeadLetters',
    summary: 'Tasks that were given up, the newest first.',
    query: {
      name: { kind: 'text', description: 'Of this name only.' },
      queue: { kind: 'text', description: 'Of tasks of this queue only.' },
      limit: LIMIT,
      cursor: CURSOR,
    },
    answer: deadLetterPage,
    refusals: ['dead_letter_unknown', 'queue_unknown'],
    handle: ({ scheduler, query }) => scheduler.listDeadLetters(query as ListDeadLettersOptions),
  }),
  letter({
    on: 'GET /dead-letters/{name}/{id}',
    name: 'getDeadLetter',
    summary: 'One with its payload, its last error and its way.',
    answer: deadLetter,
    refusals: ['dead_letter_unknown'],
    handle: ({ scheduler, path }) => scheduler.getDeadLetter(path.name, path.id),
  }),
  letter({
    on: 'POST /dead-letters/{name}/replay',
    name: 'replayDeadLetters',
    summary: 'Submits the tasks of many again, under new ids: the oldest so many, or all.',
    body: options<{ max: number; all: boolean }>({ max: count, all: yesNo }),
    example: { max: 10 },
    answer: replayResult,
    refusals: ['dead_letter_unknown', 'stopping'],
    handle: ({ scheduler, path: { name }, body: { max, all } }) => {
      if ((max === undefined) === (all !== true)) {
        const words = 'Give "max", for the oldest so many, or "all": true; not both.'
        throw new SignalboxError('bad_option', words)
      }
      return scheduler.replayDeadLetters(
        max === undefined ? { name } : { name, max: max as number },
      )
    },
  }),
  letter({
    on: 'POST /dead-letters/{name}/{id}/replay',
    name: 'replayDeadLetter',
    summary: 'Submits the task of one again, with its own payload or another.',
    body: options<{ payload: unknown }>({ payload: anything }),
    example: { payload: { page: 2 } },
    answer: replayResult,
    refusals: ['dead_letter_unknown', 'stopping'],
    handle: ({ scheduler, path: { name, id }, body: { payload } }) =>
      scheduler.replayDeadLetters(payload === undefined ? { name, id } : { name, id, payload }),
  }),
  letter({
    on: 'DELETE /dead-letters/{name}/{id}',
    name: 'purgeDeadLetter',
    summary: 'Deletes one.',
    answer: purgeResult,
    refusals: ['dead_letter_unknown'],
    handle: ({ scheduler, path: { name, id } }) => scheduler.purgeDeadLetters({ name, id }),
  }),
  letter({
    on: 'DELETE /dead-letters/{name}',
    name: 'purgeDeadLetters',
    summary: 'Deletes all of a name.',
    query: { all: { kind: 'flag', description: 'true: that it is meant.' } },
    answer: purgeResult,
    refusals: ['dead_letter_unknown'],
    handle: ({ scheduler, path: { name }, query }) => {
      if (query.all !== true) {
        const words = `All dead letters of ${quote(name)} would be deleted: say ?all=true, or give an id.`
        throw new SignalboxError('bad_option', words)
      }
      return scheduler.purgeDeadLetters({ name })
    },
  }),
]
