/**
 * Text in places of fixed width: what is wide, and what has no width, counted as a terminal does.
 *
 * Pure functions. Invariant: what they return takes exactly the cells asked for, and has no control
 * character in it.
 */
import { plain } from './text.ts'

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })

export function cellsOf(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let cells = 0
  for (const { segment } of segmenter.segment(text)) cells += cellsOfOne(segment)
  return cells
}

function cellsOfOne(segment: string): number {
  if (NO_WIDTH.test(segment)) return 0
  // What a terminal draws in one cell although it is a pictograph by name: signs below U+2B00.
  return WIDE.test(segment) && segment.codePointAt(0)! > 0x1100 && !isNarrowSign(segment) ? 2 : 1
}

function isNarrowSign(segment: string): boolean {
  const code = segment.codePointAt(0)!
  return code >= 0x2190 && code < 0x2b00 && !segment.includes('\ufe0f')
}

/** @returns the text in so many cells: cut with an ellipsis, or filled with spaces. */
export function fit(text: string, width: number, right = false): string {
  const safe = plain(text)
  const cells = cellsOf(safe)
  if (cells > width) return cutTo(safe, width)
  const space = ' '.repeat(width - cells)
  return right ? space + safe : safe + space
}

function cutTo(text: string, width: number): string {
  if (width <= 0) return ''
  let cut = ''
  let cells = 0
  for (const { segment } of segmenter.segment(text)) {
    const more = cellsOfOne(segment)
    if (cells + more > width - 1) break
    cut += segment
    cells += more
  }
  return `${cut}…${' '.repeat(width - 1 - cells)}`
}
