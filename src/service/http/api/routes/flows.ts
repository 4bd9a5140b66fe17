/** Routes of graphs of tasks. Main thread. */
import {
  FLOW_STATES,
  type FlowOptions,
  type FlowView,
  type ListFlowsOptions,
} from '../../../../flow-views.ts'
import { dotOf, mermaidOf } from '../../../../flows/drawing.ts'
import { CURSOR, LIMIT, Reply, routesOf } from '../route.ts'
import { PREFIX } from '../router.ts'
import { options, token } from '../schema.ts'
import {
  DRAWINGS,
  type Drawing,
  flowBody,
  flowDrawing,
  flowPage,
  flowView,
} from '../schemas/flows.ts'
import { secondsOf, WAIT } from './wait.ts'

const flow = routesOf('flows')

export const FLOW_ROUTES = [
  flow<FlowView>({
    on: 'POST /flows',
    name: 'submitFlow',
    summary: 'Submits a graph of tasks, whole or not at all; 200 when one of that id is there.',
    query: { wait: WAIT },
    body: flowBody,
    example: {
      tasks: {
        scan: { queue: 'ocr', payload: { page: 1 } },
        check: { queue: 'review', after: ['scan'] },
      },
    },
    answer: flowView,
    statuses: [201, 200],
    refusals: [
      'bad_flow',
      'bad_priority',
      'queue_unknown',
      'payload_too_large',
      'queue_full',
      'too_many_queues',
      'too_many_classes',
      'out_of_memory',
      'stopping',
    ],
    handle: async ({ scheduler, waits, query, body, gone }) => {
      const seconds = secondsOf(query)
      waits.requireRoom(seconds)
      const { id, isDuplicate } = await scheduler.flow(body as unknown as FlowOptions)
      await waits.until(() => scheduler.isFlowOver(id), seconds, gone)
      const view = await scheduler.getFlow(id)
      return new Reply(isDuplicate ? 200 : 201, view, { location: `${PREFIX}/flows/${id}` })
    },
  }),
  flow({
    on: 'GET /flows',
    name: 'listFlows',
    summary: 'Running flows as they came, then those that ended.',
    query: {
      state: { kind: 'text', description: 'In this state only.', values: FLOW_STATES },
      limit: LIMIT,
      cursor: CURSOR,
    },
    answer: flowPage,
    handle: ({ scheduler, query }) => scheduler.listFlows(query as ListFlowsOptions),
  }),
  flow({
    on: 'GET /flows/{id}',
    name: 'getFlow',
    summary: 'A flow with all its tasks; with wait, when all of it is over.',
    query: { wait: WAIT },
    answer: flowView,
    refusals: ['flow_unknown'],
    handle: async ({ scheduler, waits, path: { id }, query, gone }) => {
      const view = await scheduler.getFlow(id)
      const seconds = secondsOf(query)
      if (seconds === 0) return view
      waits.requireRoom(seconds)
      await waits.until(() => scheduler.isFlowOver(id), seconds, gone)
      return scheduler.getFlow(id)
    },
  }),
  flow({
    on: 'GET /flows/{id}/drawing',
    name: 'drawFlow',
    summary: 'A flow as the text of a graph that other programs draw.',
    query: {
      format: { kind: 'text', description: 'dot by default.', values: DRAWINGS },
    },
    answer: flowDrawing,
    refusals: ['flow_unknown'],
    handle: async ({ scheduler, path: { id }, query }) => {
      const format = (query.format ?? 'dot') as Drawing
      const view = await scheduler.getFlow(id)
      return { format, drawing: format === 'dot' ? dotOf(view) : mermaidOf(view) }
    },
  }),
  flow({
    on: 'POST /flows/{id}/cancel',
    name: 'cancelFlow',
    summary: 'Cancels what is open of it; with node only that task and all that depend on it.',
    body: options<{ node: string }>({ node: token }),
    example: { node: 'check' },
    answer: flowView,
    refusals: ['flow_unknown', 'finished'],
    handle: ({ scheduler, path, body }) =>
      scheduler.cancelFlow(path.id, body.node as string | undefined),
  }),
]
