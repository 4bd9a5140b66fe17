/** What a task waits for, in words a submitter can act on. */
import type { ClassState } from './classes.ts'
import type { PolicyState } from './state.ts'
import { type TaskRecord, WAITING } from './task-record.ts'

/** @returns null when it does not wait, or only for its turn among the tasks before it. */
export function waitingFor(core: PolicyState, record: TaskRecord): string | null {
  if (record.state !== WAITING) return null
  const cls = record.cls!
  let agents = 0
  let accepting = 0
  let draining = 0
  for (const profile of cls.profiles) {
    agents += profile.agents.size
    for (const agent of profile.agents) {
      if (agent.accepting) accepting++
      else if (agent.draining) draining++
    }
  }
  if (agents === 0) return nobody(core, cls)
  if (accepting === 0) return notAccepting(agents, draining)
  if (cls.free > 0) return null
  return accepting === 1 ? 'the only agent is full' : `all ${accepting} agents full`
}

function notAccepting(agents: number, draining: number): string {
  if (agents === 1) return `the only agent ${draining === 1 ? 'is draining' : 'does not answer'}`
  if (draining === agents) return `all ${agents} agents are draining`
  return `all ${agents} agents ${draining === 0 ? '' : 'are draining or '}do not answer`
}

function nobody(core: PolicyState, cls: ClassState): string {
  const offered = new Set<string>()
  let serving = 0
  for (const profile of core.profiles.values()) {
    if (!profile.servesQueue(cls.queue.name)) continue
    serving += profile.agents.size
    if (profile.agents.size > 0) for (const name of profile.capabilities) offered.add(name)
  }
  if (serving === 0) return `no agent serves ${cls.queue.name}`
  const missing = cls.requires.filter((name) => !offered.has(name))
  if (missing.length > 0) return `no agent offers ${missing.join(', ')}`
  return `no agent offers ${cls.requires.join(' and ')} together`
}
