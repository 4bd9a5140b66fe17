/** Schemas of graphs of tasks. Any thread. */
import {
  FLOW_STATES,
  type FlowOptions,
  type FlowPage,
  type FlowProgress,
  type FlowRow,
  type FlowTaskOptions,
  type FlowTaskView,
  type FlowView,
} from '../../../../flow-views.ts'
import { TASK_STATES } from '../../../../task.ts'
import {
  anything,
  count,
  described,
  list,
  map,
  named,
  nullable,
  number,
  object,
  oneOf,
  options,
  type Schema,
  text,
  time,
  token,
} from '../schema.ts'
import { parentFailure, submitOptions } from './tasks.ts'

const { dependsOn, onParentFailure, voters, decide, decideBy, ...taskOptions } = submitOptions

const flowTask = named(
  'FlowTask',
  options<FlowTaskOptions>(
    {
      ...taskOptions,
      queue: token,
      payload: anything,
      after: described('Tasks of this flow that must complete first.', list(token)),
      onFailure: parentFailure,
    },
    ['queue'],
  ),
)

export const flowBody = named(
  'SubmitFlow',
  options<FlowOptions>(
    { id: token, tasks: described('By name.', map(flowTask)), onFailure: parentFailure },
    ['tasks'],
  ),
)

const nodeState = oneOf(...TASK_STATES, 'forgotten')

const progress = object<FlowProgress>({
  total: count,
  done: count,
  share: number,
  states: map(count),
})

const flowRow = {
  id: token,
  queue: token,
  state: oneOf(...FLOW_STATES),
  progress,
  acceptedAt: time,
  finishedAt: nullable(time),
} as const satisfies Record<keyof FlowRow, Schema<never>>

export const flowPage = named(
  'FlowPage',
  object<FlowPage>({
    flows: list(named('FlowRow', object<FlowRow>(flowRow))),
    cursor: nullable(text),
  }),
)

export const flowView = named(
  'Flow',
  object<FlowView>(
    {
      ...flowRow,
      tasksOmitted: described('Only over NATS: no room for layers and tasks.', oneOf(true)),
      layers: list(list(token)),
      tasks: list(
        object<FlowTaskView>({
          name: token,
          id: nullable(token),
          queue: text,
          servedBy: text,
          state: nodeState,
          after: list(token),
          layer: count,
          agent: nullable(text),
          attempts: count,
          code: nullable(text),
          message: nullable(text),
          startedAt: nullable(time),
          finishedAt: nullable(time),
        }),
      ),
    },
    ['tasksOmitted'],
  ),
)

export const DRAWINGS = ['dot', 'mermaid'] as const
export type Drawing = (typeof DRAWINGS)[number]

export const flowDrawing = object<{ format: Drawing; drawing: string }>({
  format: oneOf(...DRAWINGS),
  drawing: text,
})
