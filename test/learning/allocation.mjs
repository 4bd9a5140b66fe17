// Prints as JSON how many bytes of heap 200,000 results take once every pair has its window, and how
// many when each result makes an object. Run from the built JavaScript with a young generation so large
// that nothing is collected meanwhile.
const built = new URL(process.argv[2])
const load = (path) => import(new URL(path, built))
const { createMemory, LearningWriter } = await load('native-free/index.js')
const { Learning } = await load('src/learning/learning.js')

const COUNT = 200_000
const ROUNDS_MAX = 40
/** A round that takes less took nothing for its results: 200,000 of the smallest object are 3.2 MB. */
const NOTHING_BYTES = 32_000
const AGENTS = 1_000
const memory = createMemory({
  slotCount: 32,
  agentCountMax: 1_024,
  classCountMax: 2,
  routerCount: 0,
  ringCapacity: 2,
  publishMax: 1,
  latencyStageCount: 0,
})
const shape = { agentCountMax: 1_024, rowCountMax: 64, windowSize: 100, enabled: true }
const learning = new Learning(new LearningWriter(memory), shape)
for (let agent = 0; agent < AGENTS; agent += 2) learning.declare(agent, 1, 0.8)

function record(i) {
  learning.record(i % AGENTS, i % 3, 1_000 + (i % 977), i % 11 !== 0)
}
const kept = { last: null }
function recordWithObject(i) {
  record(i)
  kept.last = { i }
}

function bytesOf(one) {
  let least = Number.POSITIVE_INFINITY
  // The least of many rounds: code that is not compiled yet allocates; a result that did would always.
  for (let round = 0; round < ROUNDS_MAX && least > NOTHING_BYTES; round++) {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < COUNT; i++) one(i)
    least = Math.min(least, process.memoryUsage().heapUsed - before)
  }
  return least
}

console.log(JSON.stringify({ recorded: bytesOf(record), canary: bytesOf(recordWithObject) }))
