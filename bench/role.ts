/**
 * Processes that play a part in a benchmark: a scheduler, agents, a load generator.
 *
 * Runs on: `Role` in a child of the harness, `play` in the process of the part.
 * Invariant: a part ends when whoever started it does; one question is asked at a time.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { workerUrl } from '../src/worker-url.ts'
import { ask, ended, type Parameters, type Values } from './harness.ts'

type Handlers = Record<string, (parameters: Parameters) => Values | Promise<Values>>
type Answer = { values: Values } | { failed: string }

/** Node's own options for a part: a profile of one is asked for by name in this variable. */
const PROFILED = 'SIGNALBOX_BENCH_PROFILE'

/** A part as its starter sees it. */
export class Role {
  readonly name: string
  readonly #process: ChildProcess

  /** @param name file beside this one: `role-<name>`. */
  constructor(name: string) {
    this.name = name
    const execArgv = process.env[PROFILED] === name ? ['--cpu-prof'] : []
    this.#process = fork(fileURLToPath(workerUrl(`./role-${name}`, import.meta.url)), {
      execArgv,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** @throws Error when the part failed, ended, or took longer than five minutes. */
  async ask(verb: string, parameters: Parameters = {}): Promise<Values> {
    const what = `${this.name} (${verb})`
    const answer = await ask<Answer>(this.#process, { verb, parameters }, what)
    if ('failed' in answer) throw new Error(`${what}: ${answer.failed}`)
    return answer.values
  }

  stop(): Promise<void> {
    return ended(this.#process)
  }
}

/** Answers its starter's questions for as long as it lives. */
export function play(handlers: Handlers): void {
  process.once('disconnect', () => process.exit(0))
  process.on('message', ({ verb, parameters }: { verb: string; parameters: Parameters }) => {
    answer(handlers, verb, parameters).then((said) => process.send!(said))
  })
}

async function answer(handlers: Handlers, verb: string, parameters: Parameters): Promise<Answer> {
  try {
    return { values: await handlers[verb](parameters) }
  } catch (error) {
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
