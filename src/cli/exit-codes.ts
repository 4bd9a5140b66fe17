/** What the commands' exit codes mean; `docs/cli.md` has the same table. */
import { SignalboxError, TaskError } from '../errors.ts'

export const EXIT = {
  ok: 0,
  /** The task, or one of the tasks, did not complete. */
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

export function exitCodeOf(error: unknown): number {
  if (error instanceof TaskError) return EXIT.taskFailed
  if (!(error instanceof SignalboxError)) return EXIT.defect
  if (UNREACHABLE.has(error.code)) return EXIT.unreachable
  if (error.status === 401) return EXIT.permission
  return error.status === 400 ? EXIT.usage : EXIT.refused
}
