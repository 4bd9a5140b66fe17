/** Every subject of the wire, built and parsed in one place. Tokens are checked by the callers. */

/** Last token of a submit frame's reply subject when it names the frame. */
const FRAME_REPLY = /\.frame-[0-9]{1,16}$/

/**
 * The reply subject of a submit frame: one that names it, so that the NATS server's word that nobody
 * had it is about this frame and no other.
 * @param inbox ends in a dot.
 */
export function frameReplyTo(inbox: string, number: number): string {
  return `${inbox}frame-${number}`
}

/**
 * @returns where the tasks of a submit frame are answered: the same subject for all frames of an
 *   inbox, so that they share answers, if they name themselves; else the reply subject as it is.
 */
export function answerSubject(replyTo: string): string {
  const at = replyTo.search(FRAME_REPLY)
  return at < 0 ? replyTo : `${replyTo.slice(0, at)}.frame-0`
}

export class Subjects {
  readonly prefix: string
  constructor(prefix: string) {
    this.prefix = prefix
  }

  task = (queue: string, level?: number): string =>
    level === undefined ? `${this.prefix}.task.${queue}` : `${this.prefix}.task.${queue}.${level}`
  call = (queue: string, level?: number): string =>
    level === undefined ? `${this.prefix}.call.${queue}` : `${this.prefix}.call.${queue}.${level}`
  /** Graphs of tasks. */
  flow = (queue: string): string => `${this.prefix}.flow.${queue}`
  /** Submit frames; `'*'` for any level. */
  frame = (queue: string, level: number | '*'): string => `${this.prefix}.frame.${queue}.${level}`

  from = (agent: string, verb: 'hello' | 'beat' | 'bye' | 'pull'): string =>
    `${this.prefix}.from.${agent}.${verb}`
  /** What the scheduler listens to: results and progress of every agent. */
  results = (scheduler: string): string => `${this.prefix}.from.*.${scheduler}.result.*.*`
  progresses = (scheduler: string): string => `${this.prefix}.from.*.${scheduler}.progress.*.*`
  /** Where agents ask for what a task that they run may read. */
  inputs = (scheduler: string): string => `${this.prefix}.from.*.${scheduler}.input.*.*`
  input = (agent: string, scheduler: string, slot: number, token: string): string =>
    `${this.prefix}.from.${agent}.${scheduler}.input.${slot}.${token}`
  /** Reply subject of a dispatch, so that a plain `respond` carries slot and token. */
  result = (agent: string, scheduler: string, slot: number, token: string): string =>
    `${this.prefix}.from.${agent}.${scheduler}.result.${slot}.${token}`
  /** Result frames and beat frames of an agent, `'*'` for all, to their scheduler. */
  resultFrames = (agent: string, scheduler: string): string =>
    `${this.prefix}.from.${agent}.${scheduler}.frames`
  /**
   * Reply subject of a work frame: what comes there is the server's word that nobody had it.
   * @param frame a token of the scheduler's choice that names what was in the frame.
   */
  frameReply = (agent: string, scheduler: string, frame: string): string =>
    `${this.prefix}.from.${agent}.${scheduler}.frames.${frame}`
  /** What the scheduler listens to: its work frames that nobody had. */
  frameReplies = (scheduler: string): string => `${this.prefix}.from.*.${scheduler}.frames.*`

  /** Work frames and acknowledge frames, scheduler → agent. */
  frames = (agent: string, instance: string): string =>
    `${this.prefix}.agent.${agent}.${instance}.frames`
  work = (agent: string, instance: string): string =>
    `${this.prefix}.agent.${agent}.${instance}.work`
  control = (agent: string, instance: string): string =>
    `${this.prefix}.agent.${agent}.${instance}.control`

  event = (kind: string): string => `${this.prefix}.event.${kind}`
  api = (verb: string, target: string): string => `${this.prefix}.api.${verb}.${target}`
}

/** Parts of `<prefix>.from.<agent>.<scheduler>.result.<slot>.<token>`, reused between calls. */
export interface ResultAddress {
  agent: string
  slot: number
  epoch: number
  counter: number
  seq: number
}

export function newResultAddress(): ResultAddress {
  return { agent: '', slot: 0, epoch: 0, counter: 0, seq: 0 }
}

/**
 * Reads the subject of a result, of progress, or of a question for an input.
 * @param start length of `<prefix>.from.`
 * @returns false when a number is malformed or missing; `into` is then undefined in part.
 */
export function parseResultSubject(subject: string, start: number, into: ResultAddress): boolean {
  const agentEnd = subject.indexOf('.', start)
  const tokenStart = subject.lastIndexOf('.') + 1
  const slotStart = subject.lastIndexOf('.', tokenStart - 2) + 1
  if (agentEnd < 0 || slotStart <= agentEnd) return false
  into.agent = subject.slice(start, agentEnd)
  into.slot = digits(subject, slotStart, tokenStart - 1)
  return into.slot >= 0 && parseToken(subject, tokenStart, into)
}

/** Reads `<epoch>-<counter>-<seq>` from `start` to the end of `text`. */
export function parseToken(text: string, start: number, into: ResultAddress): boolean {
  const first = text.indexOf('-', start)
  const second = text.indexOf('-', first + 1)
  if (first < 0 || second < 0) return false
  into.epoch = digits(text, start, first)
  into.counter = digits(text, first + 1, second)
  into.seq = digits(text, second + 1, text.length)
  return into.epoch >= 0 && into.counter >= 0 && into.seq >= 0
}

/** @returns the number in `text[from, to)`, or -1 unless it is 1 to 15 digits. */
function digits(text: string, from: number, to: number): number {
  if (to <= from || to - from > 15) return -1
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** The token of an attempt as it stands in subjects, beats and control messages. */
export function attemptToken(epoch: number, counter: number, seq: number): string {
  return `${epoch}-${counter}-${seq}`
}
