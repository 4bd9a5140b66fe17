/** What a case of the contract stands on, and small things that cases share. */
import { expect } from 'vitest'
import type { AgentHandle, AgentTask, Handler } from '../../src/agent-task.ts'
import type { Signalbox } from '../../src/api.ts'
import { type ErrorCode, SignalboxError, TaskError } from '../../src/errors.ts'
import type { SchedulerOptions } from '../../src/options.ts'

export interface Ground {
  /** Where tasks are submitted and asked about. */
  readonly box: Signalbox
  /** Where agents live: over NATS a connection of their own. */
  readonly fleet: Signalbox
  close(): Promise<void>
}

export type SubmitterOptions = Pick<SchedulerOptions, 'window' | 'whenFull'>

/** One promise of `Signalbox`, kept by every implementation of it. */
export interface Case {
  /** A sentence. */
  readonly title: string
  readonly options?: SchedulerOptions
  /** Of who submits. */
  readonly submitter?: SubmitterOptions
  check(ground: Ground): Promise<void>
}

/** A promise that is settled by hand. */
export interface Gate<Value = void> {
  readonly passed: Promise<Value>
  open(value: Value): void
}

export function gate<Value = void>(): Gate<Value> {
  let open!: (value: Value) => void
  const passed = new Promise<Value>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

/** An agent that holds each task until it is released, and tells which it was given. */
export interface HoldingAgent {
  readonly agent: AgentHandle
  readonly given: AgentTask[]
  /** Ends the oldest held task with this value. */
  release(value?: unknown): void
}

export async function holdingAgent(
  fleet: Signalbox,
  options: Parameters<Signalbox['agent']>[0],
): Promise<HoldingAgent> {
  const given: AgentTask[] = []
  const gates: Gate<unknown>[] = []
  const handler: Handler = (task) => {
    const held = gate<unknown>()
    given.push(task)
    gates.push(held)
    return held.passed
  }
  const agent = await fleet.agent(options, handler)
  return { agent, given, release: (value) => gates.shift()?.open(value) }
}

/** Expects the promise to reject with this code of a refusal. */
export async function expectRefused(promise: Promise<unknown>, code: ErrorCode): Promise<Error> {
  const error = await rejection(promise)
  expect(error).toBeInstanceOf(SignalboxError)
  expect((error as SignalboxError).code).toBe(code)
  expect(error.message).toMatch(/\S/)
  return error
}

/** Expects the task to have ended with this code. */
export async function expectEnded(promise: Promise<unknown>, code: string): Promise<TaskError> {
  const error = await rejection(promise)
  expect(error).toBeInstanceOf(TaskError)
  expect((error as TaskError).code).toBe(code)
  return error as TaskError
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (value) => {
      throw new Error(`expected a rejection, got ${JSON.stringify(value)}`)
    },
    (error: Error) => error,
  )
}
