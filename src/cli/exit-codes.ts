/** What the commands' exit codes mean; `docs/cli.md` has the same table. */
import { type ErrorStatus, SignalboxError, TaskError } from '../errors.ts'

export const EXIT = {
  ok: 0,
  /** A task did not complete, a process of `dev` died, or a journal is not as it should be. */
  taskFailed: 1,
  /** Wrong flag, argument or value. */
  usage: 2,
  /** No NATS server, no scheduler, or the connection was lost. */
  unreachable: 3,
  /** The NATS server refused the user or a subject. */
  permission: 4,
  /** A scheduler refused the request. */
  refused: 5,
  /** A defect of Signalbox. */
  defect: 70,
  interrupted: 130,
} as const

const UNREACHABLE: ReadonlySet<string> = new Set([
  'nats_unreachable',
  'nats_server_not_found',
  'no_scheduler',
  'disconnected',
])

const BY_STATUS: Partial<Record<ErrorStatus, number>> = {
  400: EXIT.usage,
  401: EXIT.permission,
  500: EXIT.taskFailed,
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof TaskError) return EXIT.taskFailed
  if (!(error instanceof SignalboxError)) return EXIT.defect
  if (UNREACHABLE.has(error.code)) return EXIT.unreachable
  return BY_STATUS[error.status] ?? EXIT.refused
}
