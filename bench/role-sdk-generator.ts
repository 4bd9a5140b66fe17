/**
 * The load generator with our SDK.
 *
 * Runs on: a process of its own, one connection. Invariant: every task completes with an empty
 * result; any other outcome ends the run.
 *
 * ```
 *  closed   submitMany(queue, payloads, { window, onOutcome })      no promise a task
 *  iterated for await (… of runMany(queue, payloads, { window }))   the same as a loop
 *  open     run(queue, payload)                                     one call a task
 * ```
 */
import type { Outcome } from '../src/api.ts'
import type { Client } from '../src/client/client.ts'
import { connect } from '../src/client/connect.ts'
import { limitFrames } from './frame-limit.ts'
import type { Parameters, Values } from './harness.ts'
import { Load, pacedLoop, rateOf } from './load.ts'
import { payloads } from './payloads.ts'
import { play } from './role.ts'

const QUEUE = 'bench'

let client: Client

play({
  start: async ({ url, frameItemsMax }) => {
    limitFrames(frameItemsMax)
    client = await connect({ servers: url as string })
    return {}
  },
  closed: (parameters) =>
    rate(parameters, async (load, source, window) => {
      await client.submitMany(QUEUE, source, {
        window,
        onOutcome: (outcome) => take(load, outcome),
      })
    }),
  iterated: (parameters) =>
    rate(parameters, async (load, source, window) => {
      for await (const outcome of client.runMany(QUEUE, source, { window })) take(load, outcome)
    }),
  open: (parameters) => {
    const { tasks, ratePerSecond, payloadBytes } = parameters as Record<string, number>
    const load = new Load(tasks)
    const payload = new Uint8Array(payloadBytes).fill(0x78)
    return pacedLoop(load, ratePerSecond, (item) => {
      client.run(QUEUE, payload).then((result) => {
        if (result === undefined) load.answer(item)
        else load.fail(new Error(`task ${item} ended with ${JSON.stringify(result)}`))
      }, load.fail)
    })
  },
})

type Submit = (load: Load, source: Iterable<Uint8Array>, window: number) => Promise<void>

async function rate(parameters: Parameters, submit: Submit): Promise<Values> {
  const { tasks, window, payloadBytes } = parameters as Record<string, number>
  const load = new Load(tasks)
  const startMs = performance.now()
  submit(load, payloads(tasks, payloadBytes), window).catch(load.fail)
  await load.over()
  return rateOf(load, startMs)
}

function take(load: Load, { index, state, message, bytes }: Outcome): void {
  if (state === 'completed' && bytes.length === 0) load.answer(index)
  else load.fail(new Error(`task ${index} ended ${state} with ${bytes.length} bytes: ${message}`))
}
