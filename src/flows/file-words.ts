/**
 * How a file writes the names of options: `retry_count`, or `retryCount` as TypeScript does. Any thread, pure.
 *
 * Invariant: a name that stands in the file is given back as it stands there.
 */

/** As only options are called, so that one of them tells how the others are written. */
const CAMEL = /\b(?:onFailure|retryCount|retryDelayMs|(?:timeout|ttl|deadline|slaTarget|delay)Ms)\b/

/** @returns for an option in TypeScript's words: the same in those of the file, snake_case by default. */
export function wordsOfFile(text: string): (option: string) => string {
  const isCamel = CAMEL.test(text)
  return (option) => {
    const snake = option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    if (text.includes(option)) return option
    return isCamel && !text.includes(snake) ? option : snake
  }
}
