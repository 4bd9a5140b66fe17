import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { text } from '../support/files.ts'

const page = text('docs/cli.md')

/** Every command that does something, as it is typed, with its own flags. */
function commands(command: Command, path: string): { path: string; flags: string[] }[] {
  const flags = command.options.map(({ long }) => long!)
  const own = command.commands.length === 0 || path === 'signalbox' ? [{ path, flags }] : []
  return own.concat(command.commands.flatMap((each) => commands(each, `${path} ${each.name()}`)))
}

const all = commands(buildProgram(), 'signalbox')

test('docs/cli.md: its commands are the commands, and none is missing', () => {
  const rows = [...page.matchAll(/^\| `(signalbox [a-z ]+)` \|/gm)].map(([, path]) => path)
  expect(rows.sort()).toEqual(
    all
      .slice(1)
      .map(({ path }) => path)
      .sort(),
  )
})

test('docs/cli.md: every flag has a row or a sentence, and every row is a flag', () => {
  const flags = new Set(all.flatMap((each) => each.flags).filter((flag) => flag !== '--version'))
  const named = new Set([...page.matchAll(/`(--[a-z-]+)`/g)].map(([, flag]) => flag))
  named.delete('--help')
  expect([...named].sort()).toEqual([...flags].sort())
})

test('docs/cli.md: its exit codes are the exit codes', () => {
  const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  expect(rows).toEqual(Object.values(EXIT))
})
