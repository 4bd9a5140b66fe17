/** A plain agent in a process of its own: its options come as JSON, its reports go to the parent. */
import { PlainAgent } from './plain-agent.mjs'

process.on('disconnect', () => process.exit(1))
const agent = new PlainAgent({
  ...JSON.parse(process.argv[2]),
  report: (report) => process.send(report),
})
await agent.start()
