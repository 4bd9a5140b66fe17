/**
 * Every error code of Signalbox: its number on the wire, whether trying again can help, and what
 * it means. Codes are never renamed or reused; `docs/errors.md` lists the same rows and a test
 * compares the two.
 *
 * Expected conditions inside (full, empty, nobody free) are returned constants and do not stand
 * here; these are what a submitter, an agent, an operator or a library user can meet.
 */

/** The `Nats-Service-Error-Code` values in use. */
export type ErrorStatus = 400 | 401 | 404 | 409 | 413 | 429 | 500 | 503

interface ErrorRow {
  readonly status: ErrorStatus
  readonly retryable: boolean
  readonly meaning: string
}

const row = (status: ErrorStatus, retryable: boolean, meaning: string): ErrorRow => ({
  status,
  retryable,
  meaning,
})

export const ERROR_CODES = {
  bad_token: row(400, false, 'A name is not of the form ^[A-Za-z0-9_-]{1,64}$.'),
  bad_subject: row(400, false, 'The subject has the wrong number of tokens or an unknown verb.'),
  bad_header: row(400, false, 'A header is malformed, doubled or has a value out of range.'),
  bad_priority: row(400, false, 'The priority is not a level 1 to 5 or one of its names.'),
  bad_option: row(400, false, 'An option is unknown, of the wrong type or out of range.'),
  bad_body: row(400, false, 'A control message is not a JSON object of the documented shape.'),
  bad_frame: row(400, false, 'A frame is cut, miscounted or otherwise not as documented.'),
  frame_version: row(400, false, 'The frame is of a newer version than is spoken here.'),
  bad_concurrency: row(400, false, 'An agent’s concurrency is not a whole number 1 to 65,535.'),
  not_supported: row(400, false, 'The option or verb is known but not built yet.'),
  identity_mismatch: row(401, false, 'The body names another agent than the subject does.'),
  permission_denied: row(401, false, 'The NATS server refused the subject to this user.'),
  queue_unknown: row(404, false, 'No scheduler serves this queue.'),
  parent_unknown: row(404, false, 'A task that is named as a parent is neither open nor kept.'),
  flow_unknown: row(404, false, 'No flow of that id is open or still kept.'),
  input_unknown: row(404, false, 'The task has no input of that name, or its result was not kept.'),
  person_unknown: row(404, false, 'No person of that name takes tasks here.'),
  no_result: row(404, false, 'The task did not complete, or its result was not kept.'),
  task_unknown: row(404, false, 'No task of that id is open or still kept.'),
  dead_letter_unknown: row(404, false, 'No dead letter of that name and id is kept.'),
  agent_unknown: row(404, true, 'The scheduler does not know this agent: it must say hello.'),
  result_unknown: row(404, false, 'The result’s token was never given out by this scheduler.'),
  bad_flow: row(400, false, 'A flow is no directed acyclic graph of tasks, or is too large.'),
  bad_rule: row(400, false, 'A rule on results is not of the documented shape.'),
  claimed: row(409, false, 'Somebody else has the task, or it was claimed already.'),
  not_claimable: row(409, true, 'The person cannot have the task, or not now.'),
  not_claimed: row(409, false, 'The task must be claimed by whoever decides it.'),
  fenced: row(409, false, 'A newer instance with the same agent id has taken over.'),
  finished: row(409, false, 'The task already has its final outcome.'),
  late_result: row(409, false, 'The attempt had ended before its result arrived.'),
  payload_too_large: row(413, false, 'The payload is larger than the limit.'),
  answer_too_large: row(413, false, 'The answer is larger than the NATS server lets through.'),
  headers_too_large: row(413, false, 'The headers are larger than 8 KiB or more than 32.'),
  queue_full: row(429, true, 'The queue holds as many tasks or bytes as it may.'),
  too_many_submits: row(429, true, 'More tasks arrived than can be admitted at the moment.'),
  too_many_in_flight: row(429, true, 'As many tasks are in flight as the client’s window allows.'),
  too_many_agents: row(429, true, 'As many agents are registered as there may be.'),
  too_many_queues: row(429, false, 'As many queues exist as there may be.'),
  too_many_classes: row(429, false, 'Too many different sets of what tasks ask of agents.'),
  out_of_memory: row(429, true, 'The payload arena is full.'),
  stopping: row(503, true, 'The scheduler is draining and takes no new tasks.'),
  disconnected: row(503, true, 'The connection to NATS is lost.'),
  nats_unreachable: row(503, true, 'No NATS server answers at the address.'),
  nats_server_not_found: row(503, false, 'No nats-server program could be found or fetched.'),
  no_scheduler: row(503, true, 'No scheduler answered in time.'),
  error: row(500, true, 'The handler threw.'),
  permanent: row(500, false, 'The handler said that trying again is of no use.'),
  timeout: row(500, true, 'The task ran longer than its running time-out.'),
  heartbeat_timeout: row(500, true, 'The attempt told of no progress for too long.'),
  ttl_expired: row(500, false, 'The task waited for an agent longer than it may.'),
  deadline_expired: row(500, false, 'The task was not finished by its deadline.'),
  preempted: row(409, true, 'The attempt was interrupted for a critical task.'),
  agent_lost: row(500, true, 'The agent fell silent, left or was replaced while it ran the task.'),
  dispatch_failed: row(503, true, 'Nobody was subscribed to the agent’s work subject.'),
  cancelled: row(409, false, 'The task was cancelled.'),
  parent_failed: row(409, false, 'A task that this one depends on did not complete.'),
  skipped: row(409, false, 'The task was not wanted after what became of one that it depends on.'),
  declined: row(409, true, 'Every agent that may have the task declined it.'),
  handed_on: row(409, true, 'The agent handed the task to whom its queue escalates to.'),
  consensus_required: row(409, false, 'Those who were to decide together do not agree.'),
  bad_result: row(
    500,
    false,
    'The result cannot be read by the rules of its queue: it is no JSON.',
  ),
  too_many_stages: row(500, false, 'The task went through as many queues by rules as it may.'),
  bad_journal: row(400, false, 'The file is no journal, or one of a version that is not known.'),
  journal_cut: row(500, false, 'The journal ends in the middle: it has no END.'),
  journal_mismatch: row(500, false, 'A replay came to something else than the journal says.'),
  journal_failed: row(500, false, 'The journal’s file could not be opened, written or read.'),
  bad_config: row(400, false, 'The configuration file has a value that cannot be.'),
  ledger_failed: row(500, false, 'A file of the ledger could not be opened, written or read.'),
  ledger_broken: row(
    500,
    false,
    'The ledger’s chain of hashes does not fit: something was changed.',
  ),
  router_failed: row(500, true, 'A router thread died or stood still and was replaced.'),
  router_given_up: row(500, false, 'A router thread failed too often and is not replaced again.'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERROR_CODES

/** The number of an outcome's code: ours where it is one of ours, 500 for an agent's own. */
export function statusOf(code: string): ErrorStatus {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode].status : 500
}

/** An error that an operator or user can act on: values in the message, then what to do next. */
export class SignalboxError extends Error {
  override readonly name: string = 'SignalboxError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly status: ErrorStatus

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.retryable = ERROR_CODES[code].retryable
    this.status = ERROR_CODES[code].status
  }
}

/**
 * How a task ended when it did not complete. `code` is one of ours, or any token that the agent
 * gave (`api_error`, `memory_error`, …).
 */
export class TaskError extends Error {
  override readonly name = 'TaskError'
  readonly code: string
  readonly retryable: boolean
  /** How often the task was started; 0 when thrown by a handler. */
  readonly attempts: number

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; attempts?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? true
    this.attempts = options.attempts ?? 0
  }

  /** For handlers: fail the task for good, whatever retries its queue allows. */
  static permanent(message: string, code = 'permanent'): TaskError {
    return new TaskError(code, message, { retryable: false })
  }
}

/** A programmer's assertion: the thread dies and what it held is recovered. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion: ${message}`)
}
