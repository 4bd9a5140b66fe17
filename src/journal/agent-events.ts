/**
 * As events.ts, of events that are about agents, and of what is switched. Any thread.
 */

import type { QueueOptions } from '../options.ts'
import { AgentState } from '../policy/agents.ts'
import { JournalBroken } from './reader.ts'
import type { RecordedCore } from './recorder.ts'
import type { Replayer } from './replayer.ts'
import { numbersOf, routingOf, split } from './texts.ts'

export function hello(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const index = reader.int()
  const generation = reader.int()
  const spec = {
    id: reader.string(),
    instance: reader.string(),
    queues: split(reader.string()),
    capabilities: split(reader.string()),
    concurrency: reader.int(),
    beats: reader.bool(),
    leased: reader.bool(),
    keeps: reader.bool(),
    pull: reader.bool(),
    preemptible: reader.bool(),
    recalls: reader.bool(),
    claims: reader.bool(),
    declines: reader.bool(),
    labels: numbersOf(reader.string()),
    specializations: numbersOf(reader.string()),
    link: null,
  }
  reader.close()
  const agent = core.hello(spec, nowMs)
  if (typeof agent === 'string') {
    replayer.same('answer', answer, agent)
    return
  }
  replayer.same('answer', answer, '')
  replayer.same('agent', index, agent.index)
  replayer.same('generation', generation, agent.generation)
}

export function beat(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const id = reader.string()
  const instance = reader.string()
  const foreign = reader.int()
  const tells = reader.bool()
  const count = reader.int()
  const running = new Set<number>()
  if (count < 0 || (count > 0 && !tells)) reader.broken('counts what it does not tell')
  for (let i = 0; i < count; i++) running.add(reader.wide())
  reader.close()
  const found = core.beat(id, instance, tells ? running : null, nowMs, foreign)
  replayer.same('answer', answer, found ?? '')
}

export function pull(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const id = reader.string()
  const instance = reader.string()
  const count = reader.int()
  reader.close()
  if (count < 1) replayer.mismatch('count', '1 or more', count)
  replayer.same('answer', answer, core.pull(id, instance, count, nowMs) ?? '')
}

export function prefetch(replayer: Replayer, core: RecordedCore): void {
  const agent = agentOf(replayer, core, false)
  const count = replayer.reader.int()
  replayer.reader.close()
  core.setPrefetch(agent, count)
}

export function switched(
  replayer: Replayer,
  door: (queue: string, value: number) => string | null,
): void {
  const { reader } = replayer
  const answer = reader.string()
  const queue = reader.string()
  const value = reader.int()
  reader.close()
  replayer.same('answer', answer, door(queue, value) ?? '')
}

/** A queue is paused or resumed. */
export function queueDoor(replayer: Replayer, door: (queue: string) => string | null): void {
  const { reader } = replayer
  const answer = reader.string()
  const queue = reader.string()
  reader.close()
  replayer.same('answer', answer, door(queue) ?? '')
}

export function configure(replayer: Replayer, core: RecordedCore): void {
  const { reader } = replayer
  const answer = reader.string()
  const queue = reader.string()
  const text = reader.text()
  reader.close()
  let options: QueueOptions
  try {
    options = JSON.parse(text) as QueueOptions
  } catch (error) {
    throw new JournalBroken('The journal has options of a queue that are damaged.', {
      cause: error,
    })
  }
  replayer.same('answer', answer, core.configureQueue(queue, options) ?? '')
}

export function allocate(replayer: Replayer, core: RecordedCore): void {
  const { reader } = replayer
  const answer = reader.string()
  const agent = reader.int()
  const queue = reader.string()
  const level = reader.int()
  const requires = split(reader.string())
  const routing = routingOf(reader.string())
  reader.close()
  const found = core.allocate({ queue, level, requires, routing })
  const refusal = found instanceof AgentState || found === null ? '' : found.code
  replayer.same('answer', answer, refusal)
  replayer.same('agent', agent, found instanceof AgentState ? found.index : -1)
}

export function release(replayer: Replayer, core: RecordedCore): void {
  const id = replayer.reader.string()
  const wasHeld = replayer.reader.bool()
  replayer.reader.close()
  replayer.same('wasHeld', wasHeld, core.release(id))
}

export function bye(replayer: Replayer, core: RecordedCore, nowMs: number): void {
  const { reader } = replayer
  const answer = reader.string()
  const id = reader.string()
  const instance = reader.string()
  const isDraining = reader.bool()
  reader.close()
  replayer.same('answer', answer, core.bye(id, instance, isDraining, nowMs) ?? '')
}

export function drain(replayer: Replayer, core: RecordedCore): void {
  const { reader } = replayer
  const answer = reader.string()
  const id = reader.string()
  reader.close()
  replayer.same('answer', answer, core.drainAgent(id) ?? '')
}

export function limit(replayer: Replayer, core: RecordedCore): void {
  const { reader } = replayer
  const answer = reader.string()
  const id = reader.string()
  const most = reader.int()
  reader.close()
  replayer.same('answer', answer, core.limitAgent(id, most) ?? '')
}

/** Reads an agent's index. @param isAll the record has no further fields. */
export function agentOf(replayer: Replayer, core: RecordedCore, isAll = true): AgentState {
  const index = replayer.reader.int()
  if (isAll) replayer.reader.close()
  return agentAt(replayer, core, index)
}

export function agentAt(replayer: Replayer, core: RecordedCore, index: number): AgentState {
  const agent = core.agentAt[index]
  if (agent === undefined) replayer.mismatch('agent', index, 'no agent of that number')
  return agent
}
