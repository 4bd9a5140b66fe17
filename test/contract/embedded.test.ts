import { Scheduler } from '../../src/scheduler.ts'
import { keepsContract } from './contract.ts'

keepsContract('embedded', async (options) => {
  const scheduler = new Scheduler(options)
  return { box: scheduler, fleet: scheduler, close: () => scheduler.stop() }
})
