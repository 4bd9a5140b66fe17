/** `signalbox metrics`: a scheduler's metrics by the names of the source documents. */
import type { Command } from 'commander'
import { withClient } from './connection.ts'
import { natsFlagOf, terminalOf } from './options.ts'
import { metricsLines } from './render/metrics.ts'

export function addMetrics(program: Command): void {
  program
    .command('metrics')
    .description('assignments, waits, steals, load and depths since the start')
    .action(async (_, command: Command) => {
      const terminal = terminalOf(command)
      await withClient(natsFlagOf(command), async (client) => {
        const metrics = await client.metrics()
        if (terminal.format === 'table') {
          terminal.lines(metricsLines(metrics, terminal.columns, terminal.colors))
        } else terminal.json(metrics)
      })
    })
}
