/**
 * What `explainTask` says of one task: who got it and why, or what it waits for and how near it is.
 * Plain data, the same in the library, over `sb.api` and as JSON of the command line.
 */
import type { Binding, Match } from './options.ts'
import type { PriorityLevel, TaskState } from './task.ts'

export interface TaskExplanation {
  id: string
  queue: string
  type: string
  state: TaskState
  priority: PriorityLevel
  requires: string[]
  prefers: string[]
  match: Match
  binding: Binding
  attempts: number
  strategy: string
  /** Whether its submitter named the strategy, or it is its queue's. */
  strategyOf: 'task' | 'queue'
  /** Its latest placement; null before the first, and when its facts are not kept any more. */
  placement: Placed | null
  /** It was placed, and too many placements ago for the facts of it to be kept. */
  isForgotten: boolean
  /** Of all agents, as of now. */
  agents: AgentFilter
  /** Of a task that was placed, when its strategy scores; else null. */
  scores: ScoreTable | null
  /** Of a task that waits; else null. */
  waiting: WaitingFacts | null
}

export interface Placed {
  /** Who has it, or had it last. */
  agent: string
  /** The agent has left, or another instance has its place. */
  hasLeft: boolean
  strategy: string
  by: 'router' | 'inline'
  /** Wall-clock time, ms since 1970. */
  at: number
  /** Tasks that the chosen agent had before this one, and how many it may have. */
  load: number
  capacity: number
  /** Candidates that had room; null unless the queue keeps what `explain` needs. */
  candidates: number | null
  /** Tasks that all candidates together could still take, this one included. */
  room: number
  /** Choices that did not hold, the agent being full or gone by then. */
  conflicts: number
  /** How often nobody was free when it was to be placed. */
  bounces: number
  /** Since then, in order: it was taken from an agent that had not begun it. */
  takings: Taking[]
}

export interface Taking {
  /** null when that agent has left. */
  from: string | null
  /** `stolen`: it waited for that agent alone. `called_back`: it had been sent to it. */
  how: 'stolen' | 'called_back'
  /** Wall-clock time, ms since 1970. */
  at: number
}

/** Each agent is counted once: as what keeps it from the task first. */
export interface AgentFilter {
  registered: number
  /** Of those: serve the queue. All below are of these. */
  serving: number
  /** Do not meet what the task requires. */
  lacking: number
  /** Which of it, each with the agents that do not meet it; at most 32. */
  missing: { term: string; agents: number }[]
  draining: number
  /** Nobody listened when a task was sent to them. */
  paused: number
  /** Are given nothing for now: in quarantine, in maintenance, or silent. */
  limited: number
  full: number
  /** Could take the task now. */
  free: number
}

export interface ScoreTable {
  /** `commit`: as they were when it was placed. `now`: nothing was kept, so as they would be now. */
  asOf: 'commit' | 'now'
  /** The chosen first, then by score; at most 32: it, and who follows in the order of places. */
  rows: ScoreRow[]
  /** Candidates with room beyond those. */
  unlisted: number
}

export interface ScoreRow {
  agent: string
  isChosen: boolean
  /** It is of those that are taken first while one of them has room. */
  isPreferred: boolean
  /** Tasks in hand, and how many it may have. */
  load: number
  capacity: number
  /** What the strategy goes by, the higher the better; null when it does not score. */
  score: number | null
  /** What the score is made of, by name. */
  terms: Record<string, number>
}

export interface WaitingFacts {
  /**
   * `lane`: among all. `offer`: it is being placed. `agent`: in the own queue of its agent. `parked`:
   * for another agent than those that are free. `parents`: for other tasks.
   */
  where: 'lane' | 'offer' | 'agent' | 'parked' | 'parents'
  /** null when it only waits for its turn. */
  for: string | null
  /** 1 for the next one there; in a lane, of its queue, class and priority. 0 where there is no order. */
  position: number
  /** False when so many are before it that their number is an estimate, never too low. */
  isPositionExact: boolean
  /** Tasks of higher priorities that wait for the same agents. */
  before: number
  /** Who comes nearest to being able to take it; null when somebody is, be it busy. */
  nearestMiss: NearestAgent | null
}

export interface NearestAgent {
  /** null when none meets or resembles anything of what is required. */
  agent: string | null
  /** How much of it that agent meets, and of how much. */
  met: number
  required: number
  /** What it does not meet, and its label of that name where it has one. */
  lacks: { term: string; has: number | null }[]
  /** Terms that nobody meets. */
  missing: string[]
}
