/**
 * What the numbers were measured on.
 *
 * Runs on: the process of `npm run bench`. Invariant: nothing here is guessed; what cannot be read
 * is called unknown.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { findNatsServer } from '../src/service/nats-server/find.ts'

const run = promisify(execFile)
const PACKAGE = new URL('../../package.json', import.meta.url)
const GIB = 1024 ** 3

export interface Machine {
  cpu: string
  cores: number
  memoryGiB: number
  system: string
  node: string
  natsServer: string
  /** Versions of the packages that the numbers depend on, as pinned. */
  packages: Record<string, string>
}

export async function describeMachine(): Promise<Machine> {
  const { dependencies } = JSON.parse(readFileSync(PACKAGE, 'utf8'))
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() || 'unknown',
    cores: cores.length,
    memoryGiB: Math.round((totalmem() / GIB) * 10) / 10,
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    natsServer: await natsServerVersion(),
    packages: { nats: dependencies.nats, piscina: dependencies.piscina },
  }
}

export function machineLine(machine: Machine): string {
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`)
  return (
    `${machine.cores} x ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}; ` +
    `Node ${machine.node}, nats-server ${machine.natsServer}, ${packages.join(', ')}`
  )
}

/** What stands in pictures, where there is little room. */
export function shortLine({ cores, cpu, node, natsServer }: Machine): string {
  return `${cores} x ${cpu}, Node ${node}, nats-server ${natsServer}`
}

/** @returns the load of the last minute; runnable processes, what ran before the start included. */
export function loadAverage(): number {
  return Math.round(loadavg()[0] * 100) / 100
}

async function natsServerVersion(): Promise<string> {
  try {
    const { stdout } = await run(findNatsServer()!, ['--version'], { timeout: 5_000 })
    return /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}
