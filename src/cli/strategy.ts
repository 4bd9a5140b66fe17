/** `signalbox strategy list|set|shadow`: who chooses the agents, switched while tasks run. */
import type { Command } from 'commander'
import { withClient } from './connection.ts'
import { natsFlagOf, terminalOf } from './options.ts'
import { shadowLines, strategyLines } from './render/strategy.ts'

export function addStrategy(program: Command): void {
  const strategy = program
    .command('strategy')
    .description('who chooses the agents: list strategies, switch, compare')
  strategy
    .command('list')
    .description('every strategy, and the queues that have it')
    .action(listStrategies)
  strategy
    .command('set')
    .description('switch a queue, or the default, while tasks run')
    .argument('<strategy>', 'its name, as `strategy list` shows it')
    .argument('[queue]', 'that queue; else the default, for queues that have none of their own')
    .action(setStrategy)
  strategy
    .command('shadow')
    .description('let a second strategy decide beside a queue’s own, without acting; or compare')
    .argument('<queue>', 'the queue')
    .argument('[strategy]', 'begins with this one; without it, shows how the shadow compares')
    .option('--off', 'end it')
    .action(shadow)
}

async function listStrategies(_: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const strategies = await client.listStrategies()
    if (terminal.format === 'table') {
      terminal.lines(strategyLines(strategies, terminal.columns, terminal.colors))
    } else terminal.jsonRows(strategies)
  })
}

async function setStrategy(
  strategy: string,
  queue: string | undefined,
  _: object,
  command: Command,
): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    await client.setStrategy(strategy, queue)
    const where = queue === undefined ? 'Queues without a strategy of their own' : `Queue ${queue}`
    const verb = queue === undefined ? 'have' : 'has'
    if (terminal.format === 'table') terminal.lines([`${where} now ${verb} ${strategy}.`])
    else terminal.json({ strategy, queue: queue ?? null })
  })
}

async function shadow(
  queue: string,
  strategy: string | undefined,
  { off = false }: { off?: boolean },
  command: Command,
): Promise<void> {
  if (off && strategy !== undefined) {
    command.error('error: give a strategy, to begin, or --off, to end; not both')
  }
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    if (!off && strategy === undefined) {
      const report = await client.shadowReport(queue)
      if (terminal.format === 'table') terminal.lines(shadowLines(report, terminal.colors))
      else terminal.json(report)
      return
    }
    await client.setShadow(queue, strategy ?? null)
    if (terminal.format !== 'table') terminal.json({ queue, shadow: strategy ?? null })
    else if (strategy === undefined) terminal.lines([`Queue ${queue} has no shadow any more.`])
    else {
      terminal.lines([
        `${strategy} decides beside the strategy of ${queue}, without acting.`,
        `Compare them after a while: signalbox strategy shadow ${queue}`,
      ])
    }
  })
}
