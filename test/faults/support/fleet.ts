/** Agents in processes of their own, with what they reported, and the books of a scheduler. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import type { SchedulerStatus } from '../../../src/api.ts'
import type { Scheduler } from '../../../src/scheduler.ts'
import { root } from '../../support/files.ts'
import { until } from '../../support/until.ts'
import type { AgentReport, PlainAgentOptions } from './plain-agent.mjs'

/** Every lease of these tests, ms. */
export const LEASE_MS = 1_000

const SCRIPT = join(root, 'test/faults/support/agent-process.mjs')

export class AgentProcess {
  readonly id: string
  readonly reports: AgentReport[] = []
  readonly child: ChildProcess

  constructor(options: PlainAgentOptions) {
    this.id = options.id
    this.child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.child.on('message', (report) => this.reports.push(report as AgentReport))
  }

  /** Waits until it has joined, for the n-th time. */
  async joined(times = 1): Promise<this> {
    const joins = () => this.reports.filter(({ kind }) => kind === 'joined').length
    await until(() => joins() >= times, { what: `agent ${this.id} to join (${times})` })
    return this
  }

  /** Tasks that it got and has not answered, as far as it could say. */
  unanswered(): AgentReport[] {
    const answered = new Set(this.answers().map(({ token }) => token))
    return this.got().filter(({ token }) => !answered.has(token))
  }

  got(): AgentReport[] {
    return this.reports.filter(({ kind }) => kind === 'got')
  }

  answers(): AgentReport[] {
    return this.reports.filter(({ kind }) => kind === 'answered')
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await until(() => this.child.exitCode !== null || this.child.signalCode !== null, {
      what: `agent ${this.id} to end`,
    })
  }
}

/** @returns a function that starts agents, each in its process; all are ended after the test. */
export function withAgentProcesses(): (options: PlainAgentOptions) => AgentProcess {
  const started: AgentProcess[] = []
  afterEach(async () => {
    for (const agent of started.splice(0)) await agent.kill()
  })
  return (options) => {
    const agent = new AgentProcess(options)
    started.push(agent)
    return agent
  }
}

/** Everything is done, nothing is missing, no result was taken twice. */
export function expectBooksClosed(scheduler: Scheduler, reports: Iterable<AgentReport>): void {
  const status = scheduler.statusNow()
  expectNothingLost(status)
  expect(status.tasks).toMatchObject({ waiting: 0, offered: 0, running: 0 })
  const taken = new Map<string, number>()
  for (const report of reports) {
    if (report.kind !== 'answered' || report.code !== null) continue
    taken.set(report.id, (taken.get(report.id) ?? 0) + 1)
  }
  expect([...taken].filter(([, times]) => times > 1)).toEqual([])
}

export function expectNothingLost(status: SchedulerStatus): void {
  expect(status.tasks.lost).toBe(0)
}
