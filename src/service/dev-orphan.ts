/**
 * Noticing that npm is gone: `npm start` and `npx` put a shell between themselves and the program,
 * which neither hands signals on nor ends when npm is killed.
 *
 * Runs in the command. Invariant: without npm above it, a program outlives its parents as any other
 * does (nohup, a closed terminal's shell).
 *
 * Where `/proc` cannot be read, only the direct parent is watched.
 */
import { readFileSync } from 'node:fs'

const POLL_MS = 250
const ANCESTORS_MAX = 4

/** Calls back once when npm, or a shell between npm and us, has ended. @returns stops watching. */
export function onOrphaned(
  callback: () => void,
  env: Readonly<Record<string, string | undefined>> = process.env,
): () => void {
  if (env.npm_lifecycle_event === undefined) return () => {}
  const chain = ancestorsUpToNpm()
  const timer = setInterval(() => {
    const intact = chain.every(
      (pid, i) => pid === (i === 0 ? process.ppid : parentOf(chain[i - 1])),
    )
    if (intact) return
    clearInterval(timer)
    callback()
  }, POLL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** @returns parent, grandparent, … up to npm; only the parent when npm is not among them. */
function ancestorsUpToNpm(): number[] {
  const chain = [process.ppid]
  while (chain.length < ANCESTORS_MAX) {
    const last = chain[chain.length - 1]
    if (nameOf(last).startsWith('npm')) return chain
    const parent = parentOf(last)
    if (parent === undefined || parent <= 1) break
    chain.push(parent)
  }
  return chain.slice(0, 1)
}

function nameOf(pid: number): string {
  return stat(pid).match(/\((.*)\)/s)?.[1] ?? ''
}

function parentOf(pid: number): number | undefined {
  const text = stat(pid)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[1] === undefined ? undefined : Number(fields[1])
}

/** `pid (name) state ppid …`; empty where there is none. */
function stat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return ''
  }
}
