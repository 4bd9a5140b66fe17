/**
 * What the maps and sets of this process hold, wherever they hang, and what is alive of a class: the
 * debugger's view of the heap, from within, after a collection of garbage. For counting what grows.
 */
import { Session } from 'node:inspector'

type Collection = ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>

/** How many entries each collection had. */
export type Census = WeakMap<Collection, number>

/** Anything that is made with `new`. */
type Class = { readonly prototype: object }

const HANDED_OVER = '__collectionsOfThisProcess'

export function census(): Census {
  const counted: Census = new WeakMap()
  for (const collection of collections()) counted.set(collection, collection.size)
  return counted
}

/**
 * @param least entries more than then, to be told.
 * @returns the sizes of those that have grown since, or are new; the smallest first.
 */
export function grownSince(before: Census, least: number): number[] {
  return collections()
    .filter((collection) => collection.size - (before.get(collection) ?? 0) >= least)
    .map(({ size }) => size)
    .sort((a, b) => a - b)
}

/** @returns how many objects of this class are alive. */
export function countOf(kind: Class): number {
  return everyOne(kind).length
}

function collections(): Collection[] {
  return [...everyOne(Map), ...everyOne(Set)] as Collection[]
}

/** Calls to the debugger of the own thread are answered before they return. */
function everyOne(kind: Class): object[] {
  const shared = globalThis as unknown as Record<string, unknown>
  const session = new Session()
  let failure: Error | null = null
  const failed = (error: Error | null): boolean => {
    failure ??= error
    return error !== null
  }
  session.connect()
  shared[HANDED_OVER] = kind.prototype
  const expression = `globalThis.${HANDED_OVER}`
  session.post('Runtime.evaluate', { expression }, (error, found) => {
    if (failed(error)) return
    const prototypeObjectId = found.result.objectId!
    session.post('Runtime.queryObjects', { prototypeObjectId }, (error, { objects }) => {
      if (failed(error)) return
      const functionDeclaration = `function () { ${expression} = this }`
      const { objectId } = objects
      session.post('Runtime.callFunctionOn', { objectId, functionDeclaration }, failed)
    })
  })
  session.disconnect()
  const found = shared[HANDED_OVER] as object[]
  delete shared[HANDED_OVER]
  if (failure !== null) throw failure
  // A prototype inherits from the one that was asked for, and is none of them.
  return found.filter((object) => !Object.hasOwn(object, 'constructor'))
}
