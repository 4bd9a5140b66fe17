import { Scheduler } from '../../src/scheduler.ts'
import { keepsContract } from './contract.ts'

keepsContract('embedded', async (options, submitter) => {
  const scheduler = new Scheduler({ ...options, ...submitter })
  return { box: scheduler, fleet: scheduler, close: () => scheduler.stop() }
})
