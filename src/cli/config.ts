/** `signalbox config check|show`: what is in a configuration file, and what is wrong with it. */
import type { Command } from 'commander'
import { CONFIG_FILE } from '../config/file.ts'
import { findingLine } from '../config/findings.ts'
import { readConfiguration } from './configured.ts'
import { EXIT } from './exit-codes.ts'
import { terminalOf } from './options.ts'
import { plain, plainLines } from './render/text.ts'

export function addConfig(program: Command): void {
  const config = program
    .command('config')
    .description('the configuration file: what is wrong with it, and what it comes to')
  config
    .command('check')
    .description('find everything that is wrong in a configuration file, without starting anything')
    .argument('[file]', 'the file', CONFIG_FILE)
    .action(check)
  config
    .command('show')
    .description('show the configuration as it takes effect, with every default')
    .argument('[file]', 'the file', CONFIG_FILE)
    .action(show)
  config
    .command('schema')
    .description('print the JSON Schema of the file, for editors')
    .action(schema)
}

async function check(file: string, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const { readConfigFile } = await import('../config/read.ts')
  const { findings, more, configuration } = await readConfigFile(file)
  const errors = findings.filter(({ severity }) => severity === 'error').length + more
  const warnings = findings.length + more - errors
  if (terminal.format === 'json') terminal.json({ file, ok: configuration !== null, findings })
  else if (terminal.format === 'ndjson') terminal.jsonRows([...findings])
  else {
    terminal.lines(findings.map((finding) => plain(findingLine(finding))))
    if (more > 0) terminal.lines([`${more} more are not shown.`])
    terminal.lines([verdict(file, errors, warnings)])
  }
  if (errors > 0) process.exitCode = EXIT.taskFailed
}

function verdict(file: string, errors: number, warnings: number): string {
  const count = (many: number, what: string) => `${many} ${what}${many === 1 ? '' : 's'}`
  const warned = warnings === 0 ? '' : `, ${count(warnings, 'warning')}`
  if (errors > 0) return `${file}: ${count(errors, 'error')}${warned}.`
  return `${file} is right${warned}.`
}

async function show(file: string, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const configuration = await readConfiguration(file, {}, terminal)
  const { effectiveConfig, effectiveYaml } = await import('../config/show.ts')
  if (terminal.format === 'table')
    terminal.lines([plainLines(effectiveYaml(configuration)).trimEnd()])
  else terminal.json(effectiveConfig(configuration))
}

async function schema(_: object, command: Command): Promise<void> {
  const { schemaText } = await import('../config/schema.ts')
  terminalOf(command).lines([schemaText().trimEnd()])
}
