/** `import { connect } from 'signalbox'`: the light client, which never loads the scheduler. */
export type {
  AgentHandle,
  AgentOptions,
  AgentTask,
  BatchAgentOptions,
  BatchHandler,
  Handler,
  TaskYield,
} from './agent-task.ts'
export type * from './api.ts'
export type * from './balance-views.ts'
export { Client } from './client/client.ts'
export { type ConnectOptions, connect } from './client/connect.ts'
export { ERROR_CODES, type ErrorCode, SignalboxError, TaskError } from './errors.ts'
export type * from './explanation.ts'
export type * from './ledger-views.ts'
export type * from './promise-views.ts'
export type * from './strategy-views.ts'
export type * from './task.ts'
export { PRIORITIES } from './task.ts'
