/** A thread of the crew: runs the parts it is given, keeps the handles it is asked to make. */
import { parentPort } from 'node:worker_threads'
import {
  AgentTableReader,
  Bitset,
  DequeThief,
  LatencyWriter,
  OutboxProducer,
  RouterBell,
  RouterStatusWriter,
  Sleepers,
  SlotTableReader,
  TaskRingConsumer,
} from '../../../dist/native-free/index.js'
import { Scene } from './scene.mjs'

/** What can be made here: a router's end of each structure. */
const makers = {
  AgentTableReader,
  Bitset,
  DequeThief,
  LatencyWriter,
  OutboxProducer,
  RouterBell,
  RouterStatusWriter,
  Sleepers,
  SlotTableReader,
  TaskRingConsumer,
}
const handles = []

parentPort.on('message', async (request) => {
  try {
    parentPort.postMessage({ value: await answer(request) })
  } catch (error) {
    parentPort.postMessage({ error })
  }
})

async function answer(request) {
  if (request.kind === 'make') return handles.push(new makers[request.name](...request.args)) - 1
  if (request.kind === 'call') return handles[request.handle][request.method](...request.args)
  const [module, act] = request.role.act.split('#')
  const acts = await import(`./${module}.mjs`)
  return acts[act](new Scene(request))
}
