/** Interruption: agents that let themselves be asked to stop for a critical task. */
import { expect } from 'vitest'
import type { AgentTask, Handler } from '../../../src/agent-task.ts'
import { until } from '../../support/until.ts'
import { type Case, expectEnded, gate } from '../ground.ts'

/** Works until it is asked to stop, then hands its task back with what `checkpoint` makes. */
function yieldsWith(checkpoint: (task: AgentTask) => unknown, seen: AgentTask[]): Handler {
  return async (task) => {
    seen.push(task)
    if (task.json() === 'critical') return 'saved'
    await new Promise((resolve) => task.preempted.addEventListener('abort', resolve))
    return task.yield(checkpoint(task))
  }
}

export const interruptionCases: Case[] = [
  {
    title: 'a critical task interrupts a lower one, which goes on elsewhere from where it was',
    async check({ box, fleet }) {
      const seen: AgentTask[] = []
      const critical = gate<unknown>()
      const first = await fleet.agent(
        { id: 'first', queues: ['work'], preemptible: true },
        async (task) => {
          seen.push(task)
          if (task.json() === 'critical') return critical.passed
          await new Promise((resolve) => task.preempted.addEventListener('abort', resolve))
          return task.yield({ page: 7 })
        },
      )
      const low = await box.submit('work', 'low', { id: 'low', priority: 'low' })
      await until(() => seen.length === 1, { what: 'the low one to run' })
      expect(seen[0].preempted.aborted).toBe(false)
      expect([seen[0].checkpoint, seen[0].checkpointJson()]).toEqual([null, undefined])
      const urgent = await box.submit('work', 'critical', { priority: 'critical' })
      await until(() => seen.length === 2, { what: 'the critical one to run' })
      expect(seen[0].preempted.aborted).toBe(true)

      const again = gate<AgentTask>()
      await fleet.agent({ id: 'second', queues: ['work'] }, (task) => {
        again.open(task)
        return `from page ${task.checkpointJson<{ page: number }>()?.page}`
      })
      await expect(low.result()).resolves.toBe('from page 7')
      const task = await again.passed
      expect([task.attempt, Buffer.from(task.checkpoint!).toString()]).toEqual([2, '{"page":7}'])
      expect(task.text()).toBe('"low"')
      expect(await box.getTask('low')).toMatchObject({
        state: 'completed',
        agent: 'second',
        preemptions: 1,
        attempts: 2,
      })
      critical.open('saved')
      await expect(urgent.result()).resolves.toBe('saved')
      await first.stop()
    },
  },
  {
    title: 'an interrupted task may be thrown back, and has its bytes on the same agent too',
    async check({ box, fleet }) {
      const seen: AgentTask[] = []
      const bytes = Uint8Array.from({ length: 4_096 }, (_, i) => i & 0xff)
      await fleet.agent({ queues: ['work'], preemptible: true, prefetch: 0 }, async (task) => {
        seen.push(task)
        if (task.json() === 'critical') return 'saved'
        if (task.checkpoint !== null) return task.checkpoint
        await new Promise((resolve) => task.preempted.addEventListener('abort', resolve))
        throw task.yield(bytes)
      })
      const low = await box.submit('work', 'low')
      await until(() => seen.length === 1, { what: 'the low one to run' })
      await expect(box.run('work', 'critical', { priority: 5 })).resolves.toBe('saved')
      expect(Buffer.from(await low.bytes()).equals(bytes)).toBe(true)
    },
  },
  {
    title: 'a task is interrupted as often as its queue allows, and no more',
    options: { queueDefaults: { preemptionsMax: 1 } },
    async check({ box, fleet }) {
      const seen: AgentTask[] = []
      const done = gate<unknown>()
      const stop = yieldsWith(() => undefined, seen)
      await fleet.agent({ queues: ['work'], preemptible: true, prefetch: 0 }, (task) =>
        task.attempt === 1 ? stop(task) : done.passed,
      )
      const low = await box.submit('work', 'low')
      await until(() => seen.length === 1, { what: 'the low one to run' })
      await box.run('work', 'critical', { priority: 5 })
      const runs = async () => (await box.getTask(low.id)).attempts === 2
      await until(runs, { what: 'the low one to run again' })
      const waits = await box.submit('work', 'critical', { priority: 5 })
      expect(waits.waitingFor).toBe('the only agent is full')
      expect((await box.status()).tasks.running).toBe(1)
      done.open('low')
      await expect(low.result()).resolves.toBe('low')
      await waits.result()
    },
  },
  {
    title: 'what is asked to stop may finish instead',
    async check({ box, fleet }) {
      const started = gate()
      await fleet.agent({ queues: ['work'], preemptible: true, prefetch: 0 }, async (task) => {
        if (task.json() === 'critical') return 'saved'
        started.open()
        await new Promise((resolve) => task.preempted.addEventListener('abort', resolve))
        return 'finished'
      })
      const low = await box.submit('work', 'low')
      await started.passed
      await expect(box.run('work', 'critical', { priority: 5 })).resolves.toBe('saved')
      await expect(low.result()).resolves.toBe('finished')
      expect(await box.getTask(low.id)).toMatchObject({ preemptions: 0, attempts: 1 })
    },
  },
  {
    title: 'an agent that did not offer it is never asked',
    async check({ box, fleet }) {
      const done = gate<unknown>()
      const seen: AgentTask[] = []
      await fleet.agent({ queues: ['work'] }, (task) => {
        seen.push(task)
        return task.json() === 'critical' ? 'saved' : done.passed
      })
      const low = await box.submit('work', 'low', { priority: 1 })
      await until(() => seen.length === 1, { what: 'the low one to run' })
      const urgent = await box.submit('work', 'critical', { priority: 5 })
      expect(urgent.waitingFor).toBe('the only agent is full')
      // Behind whatever the scheduler might have told the agent.
      expect((await box.status()).tasks.waiting).toBe(1)
      expect(seen[0].preempted.aborted).toBe(false)
      done.open('finished')
      await expect(low.result()).resolves.toBe('finished')
      await expect(urgent.result()).resolves.toBe('saved')
    },
  },
  {
    title: 'a task that nobody asked to stop is not handed back: its attempt fails',
    async check({ box, fleet }) {
      await fleet.agent({ queues: ['work'], preemptible: true, prefetch: 0 }, (task) =>
        task.yield('here'),
      )
      const error = await expectEnded(box.run('work', 0, { retryCount: 0 }), 'not_preempted')
      expect(error.message).toContain('task.preempted.aborted')
    },
  },
  {
    title: 'a checkpoint of more than 4 KiB fails the attempt for good',
    async check({ box, fleet }) {
      const seen: AgentTask[] = []
      const handler = yieldsWith(() => new Uint8Array(4_097), seen)
      await fleet.agent({ queues: ['work'], preemptible: true, prefetch: 0 }, handler)
      const low = await box.submit('work', 'low')
      await until(() => seen.length === 1, { what: 'the low one to run' })
      await box.run('work', 'critical', { priority: 5 })
      const error = await expectEnded(low.result(), 'payload_too_large')
      expect(error.message).toContain('4097 bytes, the limit is 4096')
    },
  },
]
