/** Colours where they can be seen; the same functions without effect elsewhere. */
import pc from 'picocolors'

export type Colors = ReturnType<typeof pc.createColors>

export const NO_COLORS: Colors = pc.createColors(false)

/** Decided by the stream that is written to, and `NO_COLOR`; `CI` alone is no reason for colours. */
export function colorsFor(
  stream: { isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): Colors {
  const wanted = stream.isTTY === true && env.NO_COLOR === undefined && env.TERM !== 'dumb'
  return pc.createColors(wanted)
}
