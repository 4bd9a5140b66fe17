/** What a process that plays seeds prints, one JSON object a line. */
export interface FirstLine {
  readonly type: 'first'
  readonly seed: number
  readonly count: number
}

export interface FailedLine {
  readonly type: 'failed'
  readonly seed: number
  readonly theme: string
  /** Events of the core until then. */
  readonly event: number
  readonly atMs: number
  readonly error: string
  readonly stack: string
  /** The second run, for the trace, was the same. */
  readonly isRepeatable: boolean
  /** The last of the trace. */
  readonly lines: readonly string[]
}

export interface DigestLine {
  readonly type: 'digest'
  readonly seed: number
  readonly digest: string
  readonly print: number
}

export interface DoneLine {
  readonly type: 'done'
  readonly seeds: number
  readonly failures: number
  /** Happenings of all worlds, events of their cores, tasks accepted. */
  readonly happened: number
  readonly coreEvents: number
  readonly tasks: number
  readonly ms: number
}

export type Line = FirstLine | FailedLine | DigestLine | DoneLine

/** A failure as somebody reads it who has to find out why. */
export function failureText({ seed, theme, event, atMs, error, isRepeatable, lines }: FailedLine) {
  const again = isRepeatable
    ? ''
    : '\n(A second run of it was different: something is not virtual.)'
  return (
    `seed ${seed} (${theme}) failed after event ${event}, at ${atMs.toFixed(3)} ms: ${error}${again}\n` +
    `${lines.join('\n')}\n` +
    `once more, with the whole trace: SEED=${seed} npm test -- simulate`
  )
}
