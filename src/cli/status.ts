/** `signalbox status`: what a scheduler is doing. */
import type { Command } from 'commander'
import { withClient } from './connection.ts'
import { natsFlagOf, terminalOf } from './options.ts'
import { statusLines } from './render/status.ts'

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('what the scheduler is doing: tasks, queues, agents, routers, latency')
    .action(async (_, command: Command) => {
      const terminal = terminalOf(command)
      await withClient(natsFlagOf(command), async (client, address) => {
        const [status, latency] = await Promise.all([client.status(), client.latency()])
        if (terminal.format === 'table') {
          const where = `${client.natsServer} (${address.source})`
          terminal.lines(statusLines(status, latency, where, terminal.colors))
        } else terminal.json({ ...status, latency })
      })
    })
}
