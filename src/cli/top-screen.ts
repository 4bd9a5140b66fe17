/**
 * The terminal while `top` has it: the alternate screen without a cursor, keys as they are typed.
 *
 * Invariant: whatever ends the process in order (a key, a signal, an error), the terminal is as it was
 * before. Only a kill leaves it, as it does for every program.
 */
const ENTER = '\u001b[?1049h\u001b[?25l'
const LEAVE = '\u001b[?25h\u001b[?1049l'
const HOME = '\u001b[H'
const ERASE_TO_END_OF_LINE = '\u001b[K'
const ERASE_BELOW = '\u001b[J'
const CTRL_C = '\u0003'

export class TopScreen {
  readonly #onKey: (key: string) => void
  readonly #onResize: () => void
  #isEntered = false

  /** @param onKey told each key; Ctrl-C comes as `q`. */
  constructor(onKey: (key: string) => void, onResize: () => void) {
    this.#onKey = onKey
    this.#onResize = onResize
  }

  get size(): { columns: number; rows: number } {
    return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
  }

  enter(): void {
    if (this.#isEntered) return
    this.#isEntered = true
    process.on('exit', this.leave)
    process.stdout.on('resize', this.#onResize)
    const { stdin } = process
    if (stdin.isTTY) {
      stdin.setRawMode(true)
      stdin.setEncoding('utf8')
      stdin.on('data', this.#typed)
      stdin.resume()
    }
    process.stdout.write(ENTER)
  }

  /** Once; safe at any time. */
  readonly leave = (): void => {
    if (!this.#isEntered) return
    this.#isEntered = false
    process.off('exit', this.leave)
    process.stdout.off('resize', this.#onResize)
    const { stdin } = process
    if (stdin.isTTY) {
      stdin.off('data', this.#typed)
      stdin.setRawMode(false)
      stdin.pause()
    }
    process.stdout.write(LEAVE)
  }

  /** Over what stands there, without a moment of emptiness between. */
  draw(lines: string[]): void {
    if (!this.#isEntered) return
    const text = lines.map((line) => line + ERASE_TO_END_OF_LINE).join('\r\n')
    process.stdout.write(HOME + text + ERASE_BELOW)
  }

  readonly #typed = (text: string | Buffer): void => {
    for (const key of String(text)) this.#onKey(key === CTRL_C ? 'q' : key)
  }
}
