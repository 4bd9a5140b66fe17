import type { NatsConnection, Subscription } from 'nats'

export interface AgentReport {
  kind: 'joined' | 'got' | 'answered' | 'refused' | 'cancel' | 'drain' | 'fenced'
  /** The agent that it is about. */
  agent: string
  /** The task, or the agent itself where there is none. */
  id: string
  atMs: number
  attempt?: number
  token?: string | null
  /** Of `answered` and `refused`: null when the result was taken. */
  code?: string | null
}

export interface PlainAgentOptions {
  servers: string
  id: string
  queues?: string[]
  capabilities?: string[]
  labels?: Record<string, number>
  concurrency?: number
  /** Whether it sends beats with its running tokens. Default true. */
  beats?: boolean
  /** How long a task takes. Default 0: answered at once. */
  workMs?: number
  /** Tasks are held until `release`. Default false. */
  holds?: boolean
  prefix?: string
  instance?: string
  report?: (report: AgentReport) => void
}

export interface PlainTask {
  id: string
  queue: string
  attempt: number
  reply: string
  token: string
  scheduler: string
  payload: Uint8Array
}

export interface Said {
  /** null when it was granted; the refusal's code, or the client's error. */
  code: string | null
  body: Record<string, unknown> | null
}

export class PlainAgent {
  constructor(options: PlainAgentOptions)
  readonly id: string
  readonly options: Required<PlainAgentOptions>
  readonly nc: NatsConnection
  readonly work: Subscription
  readonly running: Map<string, PlainTask>
  start(): Promise<this>
  hello(): Promise<void>
  beat(): Promise<void>
  say(verb: string, body: unknown): Promise<Said>
  release(): void
  finish(task: PlainTask, failure?: { message: string; code?: string; retryable?: boolean }): void
  stop(): Promise<void>
  vanish(): Promise<void>
}
