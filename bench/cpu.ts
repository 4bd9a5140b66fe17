/**
 * CPU time, of this process and of others.
 *
 * Runs on: children of the harness. Invariant: all times are user and system time together, in µs,
 * of all threads of the process.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** CPU of this process, all threads, the runtime's own included. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

let usPerTick: number | undefined

/**
 * CPU of another process, in steps of a clock tick (10 ms as a rule).
 * @returns NaN where there is no /proc, or the process is gone.
 */
export function cpuOfUs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command's name, in brackets, may hold spaces: fields are counted from behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    usPerTick ??= 1_000_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
    return (Number(fields[11]) + Number(fields[12])) * usPerTick
  } catch {
    return Number.NaN
  }
}
