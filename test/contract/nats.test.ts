import { connect } from '../../src/client/connect.ts'
import { Scheduler } from '../../src/scheduler.ts'
import { randomToken } from '../../src/wire/tokens.ts'
import { withNats } from '../support/nats.ts'
import { keepsContract } from './contract.ts'

const nats = withNats()

keepsContract('nats', async (options, submitter) => {
  const prefix = randomToken()
  const servers = nats.url
  const scheduler = new Scheduler({ routers: 1, ...options, nats: { servers, prefix } })
  await scheduler.start()
  const box = await connect({ servers, prefix, ...submitter })
  const fleet = await connect({ servers, prefix })
  const close = async () => {
    await box.close()
    // The cases may leave handlers that never end; those must not hold the next case up.
    await Promise.race([fleet.close(), scheduler.stop()])
    await scheduler.stop()
  }
  return { box, fleet, close }
})
