/**
 * The world that is being simulated, for the modules that stand in for those of the scheduler: they
 * are loaded once and serve one world after the other.
 */
import type { FrontEndContext } from '../../src/front-end/context.ts'
import type { Dice } from './dice.ts'
import type { Network } from './network.ts'
import type { RouterPool } from './routers.ts'
import type { VirtualTime } from './time.ts'

/** As much of a world as the stand-ins need. */
export interface CurrentWorld {
  readonly time: VirtualTime
  readonly network: Network
  readonly routerDice: Dice
  /** Where heads, tails and generations of a new shared memory start. */
  readonly counterStart: number
  /** Called by the front end's stand-in, as soon as there is a front end. */
  context: FrontEndContext | undefined
  /** Set by the routers' stand-in. */
  routers: RouterPool | undefined
  /** Called at each reading of the clock on a router's thread; may end that thread by throwing. */
  onRoutersClock: (() => void) | null
  trace(line: () => string): void
}

let world: CurrentWorld | undefined

/** @throws Error when nothing is being simulated. */
export function current(): CurrentWorld {
  if (world === undefined) throw new Error('nothing is being simulated')
  return world
}

export function isSimulating(): boolean {
  return world !== undefined
}

export function setCurrent(next: CurrentWorld | undefined): void {
  world = next
}
