/** What commander says about wrong flags and arguments, as one sentence that says what to do. */
import type { Command } from 'commander'

/**
 * @param message commander's: `error: unknown option '--wat'\n(Did you mean --wait?)`.
 * @param command the words of the command whose help would help: `signalbox task submit`.
 * @returns `Unknown option '--wat': did you mean --wait?`
 */
export function usageSentence(message: string, command: string): string {
  const [first, ...more] = message
    .replace(/^error: /, '')
    .trim()
    .split('\n')
  const what = first.charAt(0).toUpperCase() + first.slice(1).replace(/[.:]$/, '')
  const suggestion = more.join(' ').match(/Did you mean (.*)\?/)?.[1]
  if (suggestion === undefined) return `${what}; see \`${command} --help\`.`
  return `${what}: did you mean ${suggestion}?`
}

/** @returns as many of the words as name a command: `signalbox task submit`. */
export function commandPath(program: Command, words: string[]): string {
  let command = program
  const path = [program.name()]
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (next === undefined) continue
    command = next
    path.push(word)
  }
  return path.join(' ')
}
