/**
 * Several agents decide a task together: it becomes a question, and as many votes of the same payload, of
 * which each goes to another agent. Part of step 3, and of step 8 where the votes' outcomes come. Main thread.
 *
 * ```
 *   submit, voters 3 ──► vote, vote, vote ──► different agents ──► results, counted as they come
 *          │                                                             │
 *          └──► the question, BLOCKED ◄── resolve: decided, or it cannot be any more ──┘
 *                     └── rules of its queue, escalation, dead letter, outcome: as for any task
 * ```
 *
 * Invariant: nothing is decided in an effect: a vote's outcome goes into the inbox, and the next turn counts
 * it. A question is resolved once; whatever votes are open then, or when it is over, the core cancels.
 *
 * Not taken: counting in the core. What results say is nobody's business there, and a journal would have
 * to hold them to be replayed.
 */

import type { NextStage } from '../options.ts'
import { LIMITS } from '../options.ts'
import { Apart } from '../policy/apart.ts'
import { extrasOf } from '../policy/extras.ts'
import type { Graph, GraphNode } from '../policy/graphs.ts'
import { CONSENSUS_REQUIRED } from '../policy/hedges.ts'
import { COMPLETED, type Origin, type TaskRecord } from '../policy/task-record.ts'
import type { TaskVotes } from '../task.ts'
import { alikeBy } from '../together/alike.ts'
import { Ballot, DECIDED, OPEN, undecidedWords } from '../together/ballot.ts'
import { resultBytes } from './complete.ts'
import type { FrontEndContext } from './context.ts'
import { BAD_RESULT, hasRules, nextStage } from './next-stage.ts'
import { discard, partOf } from './parts.ts'
import type { Arrival } from './transport.ts'

/** A vote's result has no such field. */
const NO_SUCH_FIELD = 'field_missing'

type Decided = { readonly [K in keyof TaskVotes]: NonNullable<TaskVotes[K]> }

/** A task that several agents decide, until it is over. */
interface Question {
  readonly record: TaskRecord
  readonly votes: readonly TaskRecord[]
  readonly ballot: Ballot
  readonly by: string
  /** Of the votes that failed. */
  readonly codes: string[]
  isOpen: boolean
}

/** Where a vote's outcome goes: the vote's `replyTo`. */
interface Place {
  readonly question: Question
  readonly voter: number
}

/** A vote is over. */
interface Cast extends Place {
  /** null when it failed, with this code. */
  readonly said: string | null
  readonly code: string
}

export class Together implements Origin {
  /** Questions by how they ended, and votes that were cast. */
  readonly counters = { questions: 0, votes: 0, decided: 0, undecided: 0 }
  readonly #context: FrontEndContext
  readonly #questions = new Map<TaskRecord, Question>()
  /** Some queue's tasks have voters although they say nothing of it. */
  #isInQueues: boolean

  constructor(context: FrontEndContext) {
    this.#context = context
    const { queues, queueDefaults } = context.options.policy
    this.#isInQueues = [queueDefaults, ...Object.values(queues)].some(({ voters }) => voters > 1)
  }

  /** A queue has other options from now on. */
  configured({ voters }: { readonly voters: number }): void {
    if (voters > 1) this.#isInQueues = true
  }

  /** *Cost* where nobody votes: two comparisons. @returns how the task is decided; null by one agent. */
  votesOn({ extras, queueName }: TaskRecord): Decided | null {
    const said = extras === null ? null : extras.votes
    if (said === null && !this.#isInQueues) return null
    const { core } = this.#context
    const { voters, decide, decideBy } =
      core.queues.get(queueName)?.options ?? core.options.queueDefaults
    const count = Math.min(LIMITS.votersMax, said?.voters ?? voters)
    if (count < 2) return null
    return { voters: count, decide: said?.decide ?? decide, by: said?.by ?? decideBy }
  }

  /**
   * Submits a task, whose payload is in the arena, as a question and its votes.
   * @returns as `core.submit`; `out_of_memory` when there is no room for the votes' payloads.
   */
  submit(record: TaskRecord, decided: Decided): ReturnType<FrontEndContext['core']['submit']> {
    const { core, nowMs } = this.#context
    // Who asks for a known question again needs neither memory nor room for its votes.
    if (record.isNamed && core.find(record.id, record.queueName) !== undefined) {
      return core.submit(record, nowMs)
    }
    if (record.extras !== null && record.extras.after !== null) {
      const message =
        'Several agents cannot decide a task that depends on others: give `voters: 1`, or submit it ' +
        'when those have completed.'
      return { code: 'bad_option', message }
    }
    const votes = this.#votesOf(record, decided.voters)
    if (votes === null) {
      const message = `There is no memory for the payloads of ${decided.voters} votes: submit again later.`
      return { code: 'out_of_memory', message }
    }
    const ballot = new Ballot(decided.decide, decided.voters)
    const question = { record, votes, ballot, by: decided.by, codes: [], isOpen: true }
    for (const [voter, vote] of votes.entries()) vote.replyTo = { question, voter }
    extrasOf(record).votes = decided
    const answer = core.submitGraph(graphOf(record, votes), nowMs)
    if (answer !== null && 'code' in answer) {
      for (const vote of votes) discard(this.#context, vote)
      return answer
    }
    this.#questions.set(record, question)
    this.counters.questions++
    const writer = this.#context.ledger?.writer
    for (const vote of votes) writer?.accepted(vote, nowMs)
    return null
  }

  /** A vote has its outcome. An effect: it is counted in the next turn. */
  outcome(vote: TaskRecord, replyTo: unknown): void {
    const { question, voter } = replyTo as Place
    if (!question.isOpen) return
    const isWell = vote.state === COMPLETED && vote.resultBytes >= 0
    const said = isWell ? alikeBy(question.by, resultBytes(this.#context, vote)) : null
    const code = isWell ? NO_SUCH_FIELD : (vote.code ?? 'error')
    this.#context.inbox.arrive(this.#casts, { question, voter, said, code })
  }

  /** A task is over: what is voted on it does not count any more. An effect. */
  over(record: TaskRecord): void {
    if (this.#questions.size === 0) return
    const question = this.#questions.get(record)
    if (question === undefined) return
    this.#questions.delete(record)
    question.isOpen = false
  }

  /** Nobody waits for a vote's acceptance, and it is not refused by itself. */
  accepted(): void {}
  refused(): void {}

  /** Questions that are not over. */
  get open(): number {
    return this.#questions.size
  }

  readonly #casts: Arrival<Cast> = { take: (cast) => this.#cast(cast) }

  #cast({ question, voter, said, code }: Cast): void {
    const { ballot, isOpen, codes } = question
    if (!isOpen || ballot.verdict !== OPEN) return
    this.counters.votes++
    if (said === null) codes.push(code)
    const verdict = ballot.cast(voter, said)
    if (verdict === OPEN) return
    if (verdict === DECIDED) this.#decided(question)
    else this.#undecided(question)
  }

  /** The outcome is the first one of those that agree whose result is still there. */
  #decided({ record, votes, ballot }: Question): void {
    const { core, arena, nowMs } = this.#context
    const winner = ballot.agreeing().find((voter) => votes[voter].resultBytes >= 0)
    if (winner === undefined) {
      this.#fail(record, 'out_of_memory', 'There was no memory to keep what was agreed on.')
      return
    }
    const vote = votes[winner]
    this.counters.decided++
    let next: NextStage | null = null
    if (hasRules(record)) {
      const bytes = resultBytes(this.#context, vote)
      const found = nextStage(record, bytes, 0, bytes.length)
      if (found === BAD_RESULT) {
        const name = record.cls!.queue.name
        this.#fail(
          record,
          BAD_RESULT,
          `What was agreed on is no JSON, which queue "${name}" has rules for.`,
        )
        return
      }
      next = found
    }
    record.view = arena.bytesOf(vote.result)
    record.viewStart = arena.startOf(vote.result)
    record.resultBytes = vote.resultBytes
    this.#context.ledger?.writer.resolved(record, null, nowMs)
    core.resolve(record, { ok: true, next }, nowMs)
  }

  #undecided({ record, ballot, codes }: Question): void {
    this.counters.undecided++
    this.#fail(record, CONSENSUS_REQUIRED, undecidedWords(ballot, codes))
  }

  #fail(record: TaskRecord, code: string, message: string): void {
    const { core, ledger, nowMs } = this.#context
    ledger?.writer.resolved(record, code, nowMs)
    core.resolve(record, { ok: false, code, message }, nowMs)
  }

  /** @returns null when there is no memory for all. */
  #votesOf(record: TaskRecord, count: number): TaskRecord[] | null {
    const votes: TaskRecord[] = []
    for (let voter = 0; voter < count; voter++) {
      const vote = this.#voteOf(record)
      if (vote === null) {
        for (const each of votes) discard(this.#context, each)
        return null
      }
      votes.push(vote)
    }
    return votes
  }

  #voteOf(record: TaskRecord): TaskRecord | null {
    const { level, requires, routing, extras, receivedUs, admittedUs } = record
    const options = {
      level,
      requires,
      routing,
      timeoutMs: record.timeoutMs < 0 ? null : record.timeoutMs,
      retryCount: record.retryCount < 0 ? null : record.retryCount,
      own: extras === null ? null : extras.own,
    }
    const spec = { options, origin: this, wantsOutcome: true, receivedUs, admittedUs }
    return partOf(this.#context, record, spec)
  }
}

function graphOf(record: TaskRecord, votes: readonly TaskRecord[]): Graph {
  const apart = new Apart()
  const nodes = votes.map((vote, voter): GraphNode => {
    const name = `vote-${voter + 1}`
    return { record: vote, name, after: [], onFailure: 'fail', held: false, apart }
  })
  nodes.push({
    record,
    name: '',
    after: [...votes.keys()],
    onFailure: 'continue',
    held: true,
    apart: null,
  })
  return { flow: null, nodes }
}

/** @returns ids of the votes on a task, in the order of its voters; none of one that one agent decides. */
export function voteIds({ extras }: TaskRecord): readonly string[] {
  const isQuestion = (extras?.votes?.voters ?? 1) > 1
  return isQuestion ? (extras?.links?.after ?? []) : []
}
