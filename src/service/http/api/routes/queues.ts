/** Routes of queues, and of who chooses the agents for their tasks. Main thread. */
import { routesOf } from '../route.ts'
import { nothing, nullable, object, options, text, token, yesNo } from '../schema.ts'
import { advice } from '../schemas/agents.ts'
import { calibration } from '../schemas/people.ts'
import { queueRows, queueView, shadowReport, strategies } from '../schemas/queues.ts'

const queue = routesOf('queues')
const strategy = routesOf('strategies')

const paused = object<{ queue: string; paused: boolean }>({ queue: token, paused: yesNo })
const strategyBody = options<{ strategy: string }>({ strategy: text }, ['strategy'])
const strategyOf = object<{ queue: string | null; strategy: string }>({
  queue: nullable(token),
  strategy: text,
})

export const QUEUE_ROUTES = [
  queue({
    on: 'GET /queues',
    name: 'listQueues',
    summary: 'Every queue: health, what waits and runs, its SLA.',
    answer: queueRows,
    handle: ({ scheduler }) => scheduler.listQueues(),
  }),
  queue({
    on: 'GET /queues/{queue}',
    name: 'getQueue',
    summary: 'One queue: health with reasons, SLA, longest waits, options.',
    answer: queueView,
    refusals: ['queue_unknown'],
    handle: ({ scheduler, path }) => scheduler.getQueue(path.queue),
  }),
  queue({
    on: 'POST /queues/{queue}/pause',
    name: 'pauseQueue',
    summary: 'Nothing of it is given out any more; what runs goes on.',
    answer: paused,
    refusals: ['queue_unknown'],
    handle: async ({ scheduler, path }) => {
      await scheduler.pauseQueue(path.queue)
      return { queue: path.queue, paused: true }
    },
  }),
  queue({
    on: 'POST /queues/{queue}/resume',
    name: 'resumeQueue',
    summary: 'The reverse of pause.',
    answer: paused,
    refusals: ['queue_unknown'],
    handle: async ({ scheduler, path }) => {
      await scheduler.resumeQueue(path.queue)
      return { queue: path.queue, paused: false }
    },
  }),
  queue({
    on: 'GET /queues/{queue}/advice',
    name: 'getAdvice',
    summary: 'How many agents there should be for it, and why.',
    answer: advice,
    refusals: ['queue_unknown'],
    handle: ({ scheduler, path }) => scheduler.scalingAdvice(path.queue),
  }),
  queue({
    on: 'GET /queues/{queue}/calibration',
    name: 'getCalibration',
    summary: 'How often people accept what was said with which confidence.',
    answer: calibration,
    refusals: ['queue_unknown'],
    handle: ({ scheduler, path }) => scheduler.queueCalibration(path.queue),
  }),
  strategy({
    on: 'PUT /queues/{queue}/strategy',
    name: 'setStrategy',
    summary: 'Switches who chooses the agents of a queue, while tasks run.',
    body: strategyBody,
    example: { strategy: 'shortest_wait' },
    answer: strategyOf,
    refusals: ['queue_unknown'],
    handle: async ({ scheduler, path, body }) => {
      await scheduler.setStrategy(body.strategy as string, path.queue)
      return { queue: path.queue, strategy: body.strategy as string }
    },
  }),
  strategy({
    on: 'GET /queues/{queue}/shadow',
    name: 'getShadow',
    summary: 'How the strategy that decides beside the queue’s own compares, since it was set.',
    answer: shadowReport,
    refusals: ['queue_unknown'],
    handle: ({ scheduler, path }) => scheduler.shadowReport(path.queue),
  }),
  strategy({
    on: 'PUT /queues/{queue}/shadow',
    name: 'setShadow',
    summary: 'Lets a second strategy decide beside the queue’s own, without acting.',
    body: strategyBody,
    example: { strategy: 'latency' },
    answer: nothing,
    statuses: [204],
    refusals: ['queue_unknown'],
    handle: ({ scheduler, path, body }) => scheduler.setShadow(path.queue, body.strategy as string),
  }),
  strategy({
    on: 'DELETE /queues/{queue}/shadow',
    name: 'endShadow',
    summary: 'Ends it.',
    answer: nothing,
    statuses: [204],
    refusals: ['queue_unknown'],
    handle: ({ scheduler, path }) => scheduler.setShadow(path.queue, null),
  }),
  strategy({
    on: 'GET /strategies',
    name: 'listStrategies',
    summary: 'Every strategy, and the queues that have it.',
    answer: strategies,
    handle: ({ scheduler }) => scheduler.listStrategies(),
  }),
  strategy({
    on: 'PUT /strategies/default',
    name: 'setDefaultStrategy',
    summary: 'Switches the default, and every queue that names none of its own.',
    body: strategyBody,
    example: { strategy: 'least_loaded' },
    answer: strategyOf,
    handle: async ({ scheduler, body }) => {
      await scheduler.setStrategy(body.strategy as string)
      return { queue: null, strategy: body.strategy as string }
    },
  }),
]
