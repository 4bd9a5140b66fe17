/** `signalbox agent get|utilization`: how much an agent does, and how well. */
import type { Command } from 'commander'
import type { AgentUtilization } from '../balance-views.ts'
import { LIMITS } from '../options.ts'
import { withClient } from './connection.ts'
import { natsFlagOf, terminalOf } from './options.ts'
import {
  byUse,
  oneUtilizationLines,
  profileLines,
  utilizationLines,
} from './render/agent-profile.ts'
import type { Terminal } from './terminal.ts'

/** @param agent the command that they are part of. */
export function addAgentLoad(agent: Command): void {
  agent
    .command('get')
    .description('one agent: what it runs, its last results, its last hour')
    .argument('<id>', 'its id')
    .action(getAgent)
  agent
    .command('utilization')
    .description('how much of each agent is in use, or of one')
    .argument('[id]', 'its id')
    .action(utilization)
}

async function getAgent(id: string, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const profile = await client.agentProfile(id)
    if (terminal.format === 'table') {
      terminal.lines(profileLines(profile, terminal.columns, terminal.colors))
    } else terminal.json(profile)
  })
}

async function utilization(id: string | undefined, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const agents = await client.getUtilization(id)
    if (terminal.format === 'table') showUtilization(agents, id !== undefined, terminal)
    else if (id === undefined) terminal.jsonRows(agents)
    else terminal.json(agents[0])
  })
}

function showUtilization(agents: AgentUtilization[], isOne: boolean, terminal: Terminal): void {
  const { columns, colors } = terminal
  if (isOne) {
    terminal.lines(oneUtilizationLines(agents[0], columns, colors))
    return
  }
  const shown = byUse(agents).slice(0, LIMITS.listAgentsMax)
  terminal.lines(utilizationLines(shown, columns, colors))
  const hidden = agents.length - shown.length
  if (hidden > 0) terminal.note(`There are ${hidden} more with less in use: -o json has all.`)
}
