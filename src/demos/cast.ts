/**
 * Who and what is on a stage: agents and tasks as a scene writes them, and the core's words for them.
 *
 * Any thread. Invariant: an agent does a task in the time that the task says, by the agent's speed,
 * whatever it does besides; one that is dead does nothing more and says nothing more.
 */
import type { AgentSpec } from '../policy/agents.ts'
import { NOBODY, TaskRecord } from '../policy/task-record.ts'
import { PRIORITIES, type PriorityName } from '../task.ts'

export interface CastAgent {
  readonly id: string
  /** Tasks at a time; 1 by default. */
  readonly places?: number
  readonly queues?: readonly string[]
  readonly capabilities?: readonly string[]
  /** What it says it is good at, by type: 0 … 1. */
  readonly specializations?: Readonly<Record<string, number>>
  /** Places that something else has already, from the beginning to the end. */
  readonly load?: number
  /** 2 takes half the time; 1 by default. */
  readonly speed?: number
  /** What was learned of it before, by type. */
  readonly history?: Readonly<Record<string, { results: number; meanMs: number }>>
  readonly preemptible?: boolean
  /** Says that it lives, and is missed when it does not. */
  readonly leased?: boolean
  /** Somebody: their places are an inbox, of which they work on one task after the other. */
  readonly person?: CastPerson
}

export interface CastPerson {
  /** When they begin; at once by default. What was assigned before lies there until then. */
  readonly fromMs?: number
}

export interface CastTask {
  /** For the narration; made up when it is not given. */
  readonly name?: string
  /** `work` by default. */
  readonly queue?: string
  readonly type?: string
  readonly requires?: readonly string[]
  readonly priority?: PriorityName
  readonly takesMs: number
  /** How its first attempt ends; completed without. */
  readonly fails?: string
  /** By queue, where it goes through several: what it takes there, and what comes of it. */
  readonly stages?: Readonly<Record<string, CastStage>>
}

export interface CastStage {
  /** Of each attempt; of the last one for all that follow. */
  readonly takesMs: number | readonly number[]
  /** Codes with which so many attempts fail. */
  readonly fails?: readonly string[]
  /** What it comes to then, as JSON has it. */
  readonly result?: unknown
  /** Instead of a result: whoever has it hands it on. */
  readonly handsOn?: boolean
}

/** One agent while it is there. */
export interface Actor {
  readonly given: CastAgent
  readonly places: number
  /** Which instance of that name it is, from 1. */
  readonly attempt: number
  readonly joinedAtMs: number
  /** Its work, and nothing that it says, is over. */
  isDead: boolean
  /** When it went; null while it is there. */
  leftAtMs: number | null
  /** Of its places in use, summed over time. */
  busyMs: number
}

export const QUEUE = 'work'
const NO_BYTES = new Uint8Array(0)
/** Capability that only one agent has: who is to have exactly that agent asks for it. */
export const only = (id: string): string => `only.${id}`

export function specOf(given: CastAgent, attempt: number): AgentSpec {
  const { id, places = 1, queues = ['*'], capabilities = [], specializations = {} } = given
  return {
    id,
    instance: `${id}-${attempt}`,
    queues,
    capabilities: given.load === undefined ? capabilities : [...capabilities, only(id)].sort(),
    labels: {},
    specializations,
    concurrency: places,
    beats: given.leased === true,
    keeps: false,
    pull: false,
    leased: given.leased === true,
    preemptible: given.preemptible === true,
    recalls: false,
    claims: given.person !== undefined,
    declines: false,
    link: null,
  }
}

export function recordOf(name: string, task: CastTask): TaskRecord {
  const { queue = QUEUE, type = null, requires = [], priority = 'normal' } = task
  const routing = type === null ? null : { type, match: null, prefers: [], strategy: null }
  const options = {
    level: PRIORITIES[priority],
    requires: [...requires].sort(),
    timeoutMs: null,
    retryCount: null,
    routing,
  }
  return new TaskRecord(name, queue, options, NO_BYTES, 0, 0, NOBODY, null, false, false, 0)
}

/** What an agent can do, in words. */
export function abilitiesOf({
  capabilities = [],
  specializations = {},
  queues,
  speed = 1,
}: CastAgent): string {
  const skills = Object.entries(specializations).map(([type, score]) => `${type} ${score}`)
  const words = [...capabilities, ...skills]
  if (queues !== undefined) words.push(`queue ${queues.join(', ')}`)
  if (speed !== 1) words.push(`${speed} times as fast`)
  return words.length === 0 ? 'anything' : words.join(', ')
}
