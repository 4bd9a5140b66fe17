/**
 * Node's timers, wall clock and random numbers, replaced by the simulated world's. Imported first by
 * the entry of a simulation; while nothing is simulated everything works as ever.
 */

import { current, isSimulating } from './current.ts'
import { Dice } from './dice.ts'
import type { Happening } from './time.ts'

/** Where the wall clock of every world starts, so that epochs are the same in every run. */
const WALL_START_MS = Date.UTC(2025, 0, 1)

const real = { Date, setImmediate, clearImmediate, setTimeout, clearTimeout, setInterval }

type Act = (...args: unknown[]) => void

function immediate(act: Act, ...args: unknown[]): unknown {
  if (!isSimulating()) return real.setImmediate(act, ...args)
  const { time } = current()
  return time.schedulers(time.nowUs + time.turnUs, bound(act, args))
}

function timeout(act: Act, delayMs = 1, ...args: unknown[]): unknown {
  if (!isSimulating()) return real.setTimeout(act, delayMs, ...args)
  return current().time.timer(bound(act, args), delayMs, false)
}

function interval(act: Act, delayMs = 1, ...args: unknown[]): unknown {
  if (!isSimulating()) return real.setInterval(act, delayMs, ...args)
  return current().time.timer(bound(act, args), delayMs, true)
}

/** Timers of both kinds may still be cleared when the world they belong to is over. */
function clear(handle: unknown): void {
  if (isHappening(handle)) handle.cancel()
  else real.clearTimeout(handle as NodeJS.Timeout)
}

function clearNow(handle: unknown): void {
  if (isHappening(handle)) handle.cancel()
  else real.clearImmediate(handle as NodeJS.Immediate)
}

function isHappening(handle: unknown): handle is Happening {
  return typeof handle === 'object' && handle !== null && 'dueUs' in handle
}

function bound(act: Act, args: unknown[]): () => void {
  return args.length === 0 ? act : () => act(...args)
}

class VirtualDate extends real.Date {
  constructor(...args: unknown[]) {
    if (args.length === 0) super(VirtualDate.now())
    else super(...(args as []))
  }

  static override now(): number {
    if (!isSimulating()) return real.Date.now()
    return WALL_START_MS + Math.trunc(current().time.schedulersUs / 1000)
  }
}

let names = new Dice(0, 'names')

/** Starts the random numbers of names and ids anew, for the next world. */
export function restartRandomNames(seed: number): void {
  names = new Dice(seed, 'names')
}

/** Fills with bytes as `crypto.getRandomValues` does, but from the seed. */
function randomValues<T extends ArrayBufferView>(into: T): T {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
  for (let i = 0; i < bytes.length; i++) bytes[i] = names.whole(0, 255)
  return into
}

Object.assign(globalThis, {
  setImmediate: immediate,
  clearImmediate: clearNow,
  setTimeout: timeout,
  clearTimeout: clear,
  setInterval: interval,
  clearInterval: clear,
  Date: VirtualDate,
})
Object.defineProperty(globalThis.crypto, 'getRandomValues', { value: randomValues })
Math.random = () => names.share()

/** Returns when the process has had a look at the real world: rejections, what was written. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => real.setImmediate(resolve))
}

/** ms of the machine's own clock, for rates. */
export function realMs(): number {
  return performance.now()
}
