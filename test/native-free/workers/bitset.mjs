/** One writer adds and removes passers-by; readers must always find those who stay. */
import { atomics, Bitset, nextInBoth } from '../../../dist/native-free/index.js'
import { control, FINISHED, meet, memory, report, role } from './common.mjs'

const { size, residents } = role
const set = new Bitset(memory.words, memory.map.agentFree, size)
const other = new Bitset(memory.words, memory.map.candidates, size)

meet()
if (role.kind === 'writer') write()
else read()

function write() {
  const stays = new Set(residents)
  for (let round = 0; round < role.rounds; round++) {
    for (let i = round % 3; i < size; i += 3) {
      if (stays.has(i)) continue
      if (set.has(i)) set.clear(i)
      else set.set(i)
    }
  }
  atomics.store(control, FINISHED, 1)
  report({ passes: 0, missed: 0 })
}

function read() {
  let passes = 0
  let missed = 0
  do {
    let found = 0
    let last = -1
    // Ends: each step returns a higher index, or -1.
    for (let i = nextInBoth(set, other, 0); i >= 0; i = nextInBoth(set, other, i + 1)) {
      if (i <= last || i >= size) throw new Error(`${i} came after ${last}`)
      last = i
      found++
    }
    if (found !== residents.length) missed++
    passes++
  } while (atomics.load(control, FINISHED) === 0)
  report({ passes, missed })
}
