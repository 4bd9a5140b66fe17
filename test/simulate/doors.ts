/**
 * Stands at the doors of a policy core and at its effects, and keeps the ledger: before a call what
 * the core ought to answer is worked out from the ledger, after it the answer is compared.
 *
 * The core's own methods are wrapped on the one object that is watched; its class stays as it is.
 */
import type { AgentSpec, AgentState } from '../../src/policy/agents.ts'
import type { PolicyEffects } from '../../src/policy/state.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { AgentDoors } from './agent-doors.ts'
import type { Watched } from './expected.ts'
import { Broken, holds, type KnownAgent } from './known.ts'
import type { Ledger } from './ledger.ts'
import { type KeyOf, TaskDoors } from './task-doors.ts'

/** @param afterEach is called after each call that may have changed something. */
export function watch(
  watched: Watched,
  ledger: Ledger,
  keyOf: KeyOf,
  afterEach: () => void,
  onBroken: (error: unknown) => void,
): void {
  const { core } = watched
  const tasks = new TaskDoors(watched, ledger, keyOf)
  watchEffects(core.effects, ledger, tasks)
  const doors = core as unknown as Doors
  for (const watchers of [tasks, new AgentDoors(core, ledger)]) {
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(watchers))) {
      if (name === 'constructor' || name === 'accept') continue
      const real = doors[name].bind(core)
      const watcher = (watchers as unknown as Doors)[name].bind(watchers)
      doors[name] = (...given) => {
        try {
          const answer = watcher(real, ...given)
          afterEach()
          return answer
        } catch (error) {
          // Some callers take what is thrown for a failed call and answer it.
          onBroken(error)
          throw error
        }
      }
    }
  }
}

type Doors = Record<string, (...given: unknown[]) => unknown>

function watchEffects(effects: PolicyEffects, ledger: Ledger, tasks: TaskDoors): void {
  const { outcome, forgotten, ended, repeat, unbound, creditBack } = effects
  const { agentUp, agentDown, fenced, drain, noted, deadLetter, preempt } = effects
  const { stolen, recall } = effects
  Object.assign(effects, {
    outcome(this: PolicyEffects, record: TaskRecord) {
      // One of whose parents had failed has its outcome as it is accepted, and is told after that.
      const isNew = !ledger.tasks.has(record)
      if (isNew) tasks.accept(record)
      ledger.outcome(record)
      ledger.told.length = 0
      outcome.call(effects, record)
      if (!isNew) ledger.holdsTold(record)
    },
    forgotten(record: TaskRecord) {
      ledger.forgotten(record)
      forgotten.call(effects, record)
    },
    ended: (...given: Parameters<PolicyEffects['ended']>) => {
      ledger.ended(...given)
      ended.apply(effects, given)
    },
    repeat(record: TaskRecord) {
      ledger.repeated(record)
      repeat.call(effects, record)
    },
    unbound(record: TaskRecord, agent: AgentState) {
      ledger.unbound(record, agent)
      unbound.call(effects, record, agent)
    },
    noted(...given: Parameters<PolicyEffects['noted']>) {
      ledger.promises.noted(...given)
      noted.apply(effects, given)
    },
    deadLetter(record: TaskRecord, name: string) {
      ledger.promises.deadLetter(record, name)
      deadLetter.call(effects, record, name)
    },
    preempt(record: TaskRecord, agent: AgentState) {
      ledger.promises.preempt(record, agent)
      preempt.call(effects, record, agent)
    },
    stolen(record: TaskRecord, from: AgentState, to: AgentState) {
      ledger.moves.stolen(record, from, to)
      stolen.call(effects, record, from, to)
    },
    recall(record: TaskRecord, agent: AgentState) {
      ledger.moves.asked(record, agent)
      recall.call(effects, record, agent)
    },
    creditBack(agent: AgentState, counter: number) {
      ledger.creditBack(agent, counter)
      creditBack.call(effects, agent, counter)
    },
    agentUp(agent: AgentState) {
      const before = ledger.agents.get(agent.id)
      holds(before === undefined, () => `${agent.id} is up twice`)
      ledger.agents.set(agent.id, newcomer(agent, ledger))
      agentUp.call(effects, agent)
    },
    agentDown(agent: AgentState, reason: never) {
      holdsLeaving(agent, ledger)
      ledger.agents.delete(agent.id)
      agentDown.call(effects, agent, reason)
    },
    fenced(agent: AgentState) {
      ledger.fences.add(agent)
      fenced.call(effects, agent)
    },
    drain(agent: AgentState) {
      ledger.agents.get(agent.id)!.isDraining = true
      drain.call(effects, agent)
    },
  })
}

function newcomer(state: AgentState, { door }: Ledger): KnownAgent {
  const { id, instance, queues, capabilities, concurrency, beats, keeps, pull } = state
  const { labels, specializations, leased, preemptible, recalls, claims, declines, link } = state
  const can = { queues, capabilities, labels, specializations, concurrency, beats, keeps, pull }
  const spec: AgentSpec = {
    id,
    instance,
    ...can,
    leased,
    preemptible,
    recalls,
    claims,
    declines,
    link,
  }
  return {
    state,
    spec,
    isDraining: false,
    isPaused: false,
    heardAtMs: door.nowMs,
    granted: 0,
    prefetch: 0,
    limit: -1,
    foreign: 0,
    held: 0,
    charged: new Map(),
    lastSeq: 0,
  }
}

/** An agent goes when it says so, when another takes its name, or when its lease has ended. */
function holdsLeaving(state: AgentState, { agents, tasks, door, core }: Ledger): void {
  const agent = agents.get(state.id)
  if (agent?.state !== state) throw new Broken(`${state.id} went without being there`)
  for (const { bound, record } of tasks.values()) {
    holds(bound !== agent, () => `${state.id} went and left ${record.id} bound to it`)
  }
  for (const { isEnded, counter } of agent.charged.values()) {
    holds(isEnded, () => `${state.id} went and left attempt ${counter} running`)
  }
  if (door.name !== 'tick') return
  const endMs = agent.heardAtMs + core.options.leaseMs
  const isOver = agent.spec.leased && door.nowMs >= endMs && !core.leasesSuspended
  holds(isOver, () => `${state.id} was lost at ${door.nowMs}, its lease ends at ${endMs}`)
}
