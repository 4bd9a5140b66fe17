/**
 * One step of an actor: a single operation on a single shared word, said before it happens.
 *
 * Runs on: the one thread of a test.
 * Invariant: an actor stands still between saying what it will do and the explorer doing it for
 * it; between two steps it touches nothing that another actor sees.
 *
 * The instrumented code says `yield $.load(words, index)`: `$` writes the operation into the record
 * of the actor that runs (nothing is allocated for a step), the explorer performs it when it is the
 * actor's turn, and hands the result back through `next`.
 */

export type Operation =
  | 'load'
  | 'store'
  | 'add'
  | 'sub'
  | 'exchange'
  | 'compareExchange'
  | 'wait'
  | 'notify'
  | 'read'
  | 'write'
  | 'pause'
  | 'join'

export type View = Int32Array | Float32Array

const NO_WORDS = new Int32Array(0)

/** What an actor will do next; one record for each actor, written again and again. */
export class Step {
  operation: Operation = 'pause'
  /** `read`, `write`: any view; all others: the words. */
  view: View = NO_WORDS
  index = 0
  /** Value, delta, expected value, or count to wake. */
  first = 0
  /** Replacement, or time-out. */
  second = 0
  /** `join`: the actor whose end is awaited. */
  actor = ''
}

/** What a function becomes: it says its steps, and returns what it returned before. */
export type Steps<Result> = Generator<Step, Result, unknown>

/** The record that the running actor writes into. */
const running = { step: new Step() }

/** Lets the code that runs next say its steps into another record; returns the one before. */
export function sayInto(step: Step): Step {
  const before = running.step
  running.step = step
  return before
}

function say(operation: Operation, view: View, index: number, first: number, second: number): Step {
  const step = running.step
  step.operation = operation
  step.view = view
  step.index = index
  step.first = first
  step.second = second
  return step
}

/** What instrumented code calls as `$`; each says one step. */
export const sayings = {
  load: (words: View, index: number) => say('load', words, index, 0, 0),
  store: (words: View, index: number, value: number) => say('store', words, index, value, 0),
  add: (words: View, index: number, delta: number) => say('add', words, index, delta, 0),
  sub: (words: View, index: number, delta: number) => say('sub', words, index, delta, 0),
  exchange: (words: View, index: number, value: number) => say('exchange', words, index, value, 0),
  compareExchange: (words: View, index: number, expected: number, replacement: number) =>
    say('compareExchange', words, index, expected, replacement),
  wait: (words: View, index: number, expected: number, timeoutMs: number) =>
    say('wait', words, index, expected, timeoutMs),
  notify: (words: View, index: number, count: number) => say('notify', words, index, count, 0),
  read: (view: View, index: number) => say('read', view, index, 0, 0),
  write: (view: View, index: number, value: number) => say('write', view, index, value, 0),
  *fill(view: View, value: number, from: number, to: number): Steps<void> {
    for (let index = from; index < to; index++) yield say('write', view, index, value, 0)
  },
}

/** The module `atomics` as actors of a model may call it themselves, one step each. */
export const atomics = {
  *load(words: Int32Array, index: number): Steps<number> {
    return (yield sayings.load(words, index)) as number
  },
  *store(words: Int32Array, index: number, value: number): Steps<void> {
    yield sayings.store(words, index, value)
  },
  *add(words: Int32Array, index: number, delta: number): Steps<number> {
    return (yield sayings.add(words, index, delta)) as number
  },
  *sub(words: Int32Array, index: number, delta: number): Steps<number> {
    return (yield sayings.sub(words, index, delta)) as number
  },
  *exchange(words: Int32Array, index: number, value: number): Steps<number> {
    return (yield sayings.exchange(words, index, value)) as number
  },
  *compareExchange(words: Int32Array, index: number, from: number, to: number): Steps<number> {
    return (yield sayings.compareExchange(words, index, from, to)) as number
  },
  *wait(words: Int32Array, index: number, expected: number, timeoutMs: number): Steps<string> {
    return (yield sayings.wait(words, index, expected, timeoutMs)) as string
  },
  *notify(words: Int32Array, index: number, count: number): Steps<number> {
    return (yield sayings.notify(words, index, count)) as number
  },
}

/** A step that touches nothing: a place for a mortal actor to die at. */
export function* pause(): Steps<void> {
  yield say('pause', NO_WORDS, 0, 0, 0)
}

/**
 * Waits until another actor has ended or died.
 * @returns whether it died.
 */
export function* join(actor: string): Steps<boolean> {
  const step = say('join', NO_WORDS, 0, 0, 0)
  step.actor = actor
  return (yield step) as boolean
}

/** Does what a step says. `wait`, `notify` and `join` are the explorer's, as they block and wake. */
export function perform({ operation, view, index, first, second }: Step): number | undefined {
  // The actors take turns on one thread, so plain accesses are as good as atomic ones here.
  const before = view[index]
  switch (operation) {
    case 'load':
    case 'read':
      return before
    case 'store':
    case 'write':
      view[index] = first
      return undefined
    case 'compareExchange':
      if (before === first) view[index] = second
      return before
    case 'exchange':
      view[index] = first
      return before
    case 'add':
      view[index] = before + first
      return before
    case 'sub':
      view[index] = before - first
      return before
    default:
      return undefined
  }
}

/** Tells whether a step may change what others see. */
export function isWriting(operation: Operation): boolean {
  return operation !== 'load' && operation !== 'read' && operation !== 'wait'
}
