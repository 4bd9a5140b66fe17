// Prints how many bytes of heap 200,000 choices of each built-in strategy take, as JSON: name → bytes.
// Run from the built JavaScript with a young generation so large that nothing is collected meanwhile.
const built = new URL(process.argv[2])
const load = (path) => import(new URL(path, built))
const { AgentTableWriter, createMemory, SlotTableWriter } = await load('native-free/index.js')
const { Chooser } = await load('src/routing/chooser.js')
const { STRATEGY_DEFAULTS } = await load('src/strategy-options.js')
const { Random } = await load('src/routing/generator.js')
const { createStrategies, strategyNames } = await load('src/routing/registry.js')

const COUNT = 200_000
/** Of the canary, which allocates in each, fewer do. */
const ROUNDS_MAX = process.argv[3] === 'allocating' ? 2 : 40
/** A round that takes less took nothing for its choices: 200,000 of the smallest object are 3.2 MB. */
const NOTHING_BYTES = 300_000
const memory = createMemory({
  slotCount: 32,
  agentCountMax: 1_024,
  classCountMax: 2,
  routerCount: 0,
  ringCapacity: 2,
  publishMax: 1,
  latencyStageCount: 0,
})
const agents = new AgentTableWriter(memory)
const slots = new SlotTableWriter(memory)
const names = strategyNames()
const context = {
  random: new Random(1),
  options: STRATEGY_DEFAULTS,
  agentCountMax: 1_024,
  classCountMax: 2,
  phase: 0,
}
const chooser = new Chooser(memory, createStrategies(names, context))
// Class 0 has 40 candidates and is chosen from exactly, class 1 has 600 and is sampled.
for (let agent = 0; agent < 640; agent++) {
  agents.join(agent, 4)
  agents.setCandidate(agent < 40 ? 0 : 1, agent, true)
}

function run(count, one) {
  for (let i = 0; i < count; i++) one(i & 1)
}

const allocating = process.argv[3] === 'allocating'
const bytes = {}
for (const [index, name] of names.entries()) {
  slots.offer(0, 0, index, 2, 0)
  slots.offer(1, 1, index, 2, 0)
  const kept = { last: null }
  const one = allocating
    ? (slot) => {
        kept.last = { agent: chooser.choose(slot) }
      }
    : (slot) => chooser.choose(slot)
  run(COUNT, one)
  // The least of many rounds: code that is not compiled yet allocates, for as long as the compiler's
  // thread has no core to run on; a choice that did would in every round.
  bytes[name] = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS_MAX && bytes[name] > NOTHING_BYTES; round++) {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    run(COUNT, one)
    bytes[name] = Math.min(bytes[name], process.memoryUsage().heapUsed - before)
  }
  slots.release(0)
  slots.release(1)
}
console.log(JSON.stringify(bytes))
