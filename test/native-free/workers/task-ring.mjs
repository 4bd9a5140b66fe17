/** One producer writes batches to the rings of some levels, several consumers claim them. */
import {
  EMPTY,
  RETRY,
  TaskRingConsumer,
  TaskRingProducer,
} from '../../../dist/native-free/index.js'
import { generationOf } from './scene.mjs'

/** `role`: levels, batch; and contenders, until each of whom got its share. */
export function produce(scene) {
  const { levels, batch, contenders, share } = scene.role
  const rings = levels.map((level) => new TaskRingProducer(scene.memory, level))
  const publish = () => {
    for (const ring of rings) ring.publish()
  }
  const patience = scene.patience('room in the ring')
  scene.meet()
  let item = 0
  while (item < scene.itemCount) {
    if (rings[item % rings.length].write(item, generationOf(item))) {
      patience.reset()
      item++
      if (item % batch !== 0) continue
      publish()
      if (contenders !== undefined && scene.areServed(contenders, share)) break
    } else {
      publish()
      patience.miss()
    }
  }
  publish()
  scene.finish()
  return { produced: item, taken: 0, lost: 0 }
}

/** `role`: levels, max; and isAlone, when every item of a level must come. */
export function consume(scene) {
  const { levels, max, isAlone } = scene.role
  const rings = levels.map((level) => new TaskRingConsumer(scene.memory, level))
  const last = levels.map((_, n) => n - levels.length)
  const patience = scene.patience('tasks in the ring')
  const into = new Int32Array(2 * max)
  scene.meet()
  let taken = 0
  let lost = 0
  // Ends: after the producer's last publish, when all rings are empty.
  for (;;) {
    const isLast = scene.isFinished()
    let found = 0
    for (let n = 0; n < rings.length; n++) {
      const count = rings[n].claim(into, max)
      if (count === EMPTY) continue
      found++
      if (count === RETRY) {
        lost++
        continue
      }
      for (let i = 0; i < count; i++) {
        const item = into[2 * i]
        const isNext = isAlone ? item === last[n] + levels.length : item > last[n]
        if (!isNext) throw new Error(`item ${item} came after ${last[n]}`)
        last[n] = item
        scene.take(item, into[2 * i + 1])
      }
      taken += count
      scene.served()
    }
    if (found > 0) patience.reset()
    else if (isLast) return { produced: 0, taken, lost }
    else patience.miss()
  }
}
