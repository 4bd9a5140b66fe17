/** Routes of people's tasks: what lies in an inbox, and what they make of it. Main thread. */
import type {
  ClaimOptions,
  CommentOptions,
  DecideOptions,
  InboxOptions,
} from '../../../../people-views.ts'
import { LIMIT, OF_QUEUE, routesOf } from '../route.ts'
import {
  claimBody,
  comment,
  commentBody,
  decideBody,
  decisionView,
  inboxRows,
  inboxView,
} from '../schemas/people.ts'

const inbox = routesOf('inbox')

export const INBOX_ROUTES = [
  inbox({
    on: 'GET /inbox',
    name: 'listInbox',
    summary: 'Tasks of people: assigned, claimed, or waiting where they may take them.',
    query: {
      person: { kind: 'text', description: 'What is this person’s, or could be.' },
      queue: { kind: 'text', description: 'Of this queue only.' },
      limit: LIMIT,
    },
    answer: inboxRows,
    refusals: ['person_unknown', 'queue_unknown'],
    handle: ({ scheduler, query }) => scheduler.listInbox(query as InboxOptions),
  }),
  inbox({
    on: 'GET /inbox/{id}',
    name: 'getInboxTask',
    summary: 'All that somebody sees before they decide.',
    query: { queue: OF_QUEUE },
    answer: inboxView,
    refusals: ['task_unknown'],
    handle: ({ scheduler, path, query }) =>
      scheduler.inboxTask(path.id, query.queue as string | undefined),
  }),
  inbox({
    on: 'POST /inbox/{id}/claim',
    name: 'claimTask',
    summary: 'Somebody begins a task of their inbox, or takes one that waits.',
    body: claimBody,
    example: { by: 'ada' },
    answer: inboxView,
    refusals: ['task_unknown', 'person_unknown', 'claimed', 'finished'],
    handle: ({ scheduler, path, body }) =>
      scheduler.claimTask(path.id, body as unknown as ClaimOptions),
  }),
  inbox({
    on: 'POST /inbox/{id}/decide',
    name: 'decideTask',
    summary: 'What they decide of a task that they claimed.',
    body: decideBody,
    example: { by: 'ada', decision: 'accept', comment: 'As in the document.' },
    answer: decisionView,
    refusals: ['task_unknown', 'person_unknown', 'not_claimed', 'finished'],
    handle: ({ scheduler, path, body }) =>
      scheduler.decideTask(path.id, body as unknown as DecideOptions),
  }),
  inbox({
    on: 'POST /inbox/{id}/comments',
    name: 'commentTask',
    summary: 'A note on a task, at any time.',
    body: commentBody,
    example: { by: 'ada', text: 'Page 2 is missing.' },
    answer: comment,
    statuses: [201],
    refusals: ['task_unknown', 'person_unknown'],
    handle: ({ scheduler, path, body }) =>
      scheduler.commentTask(path.id, body as unknown as CommentOptions),
  }),
]
