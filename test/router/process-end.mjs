// Starts two routers and leaves them alone; prints what happened. The process must end by itself.
// Arguments: URL of the built JavaScript; `held` to keep the process alive for a while.
const load = (path) => import(new URL(path, process.argv[2]))
const { createMemory } = await load('native-free/index.js')
const { RouterPool } = await load('src/router/pool.js')

const memory = createMemory({
  slotCount: 32,
  agentCountMax: 32,
  classCountMax: 1,
  routerCount: 2,
  ringCapacity: 2,
  publishMax: 1,
  latencyStageCount: 0,
})
const nothing = () => undefined
const pool = new RouterPool({
  memory,
  strategies: [{ name: 'random' }],
  seed: 1,
  onBell: nothing,
  onReturn: nothing,
  onFault: nothing,
})
await pool.start()
console.log('started')
if (process.argv[3] === 'held') pool.ref()
// Does not keep the process alive by itself.
setTimeout(() => {
  console.log('held')
  pool.unref()
}, 300).unref()
if (process.argv[3] === 'stopped') {
  await pool.stop()
  console.log('stopped')
}
