/**
 * Which words of the shared memory are the policy's: what a journal's image holds.
 *
 * Runs on: the front end, and whoever replays.
 * Invariant: everything that the policy's core writes is in one range, and nothing that anybody else
 * writes is in any.
 */
import { Bitset } from './bitset.ts'
import {
  AGENT_ROW_WORDS,
  LOAD_LEVELS,
  MATCH_ROW_COUNT_MAX,
  MOVED_COUNT,
  type SharedMemory,
} from './memory-map.ts'

/**
 * The words that belong to the policy: what its core writes about slots, classes and agents, in ranges
 * `[from, end)` whose order and lengths follow from the shape and the counts alone. A copy of them, put
 * into another memory of as many slots, agents and classes, is the same state there. What is learned,
 * which strategies are off, and what shadows would have done, does not belong to it.
 * @param classCount classes in use; candidates of the others are all empty.
 * @param matchRowCount match rows in use, row 0 included; the others are all zero.
 */
export function policyRanges(
  memory: SharedMemory,
  classCount: number,
  matchRowCount = MATCH_ROW_COUNT_MAX,
): [number, number][] {
  const { map, shape } = memory
  const { slotCount, agentCountMax } = shape
  const agentBits = Bitset.wordCount(agentCountMax)
  const ranges: [number, number][] = []
  const range = (from: number, length: number) => ranges.push([from, from + length])
  range(map.slotState, slotCount)
  range(map.slotGeneration, slotCount)
  range(map.slotClass, slotCount)
  range(map.slotStrategy, slotCount)
  range(map.slotLevel, slotCount)
  range(map.slotFlags, slotCount)
  range(map.slotOfferedUs, slotCount)
  range(map.slotKey, slotCount)
  range(map.classRow, classCount)
  range(map.classFlags, classCount)
  range(map.classShadow, classCount)
  range(map.classMatchRow, classCount)
  range(map.candidatesVersion, classCount)
  range(map.preferredVersion, classCount)
  range(map.agentHigh, 1)
  range(map.agentEasings, 1)
  range(map.agentQueueMax, 1)
  range(map.agentKinds, 1)
  range(map.agentKindCounts, LOAD_LEVELS + 2)
  range(map.agentMoves, 1)
  range(map.agentMoved, MOVED_COUNT)
  range(map.agentGeneration, agentCountMax)
  range(map.agentStatus, agentCountMax)
  range(map.agentRows, agentCountMax * AGENT_ROW_WORDS)
  range(map.agentFree, agentBits)
  range(map.agentRoom, agentBits)
  range(map.agentLevelCounts, LOAD_LEVELS)
  range(map.agentLevels, LOAD_LEVELS * map.agentLevelsStride)
  range(map.candidates, classCount * map.candidatesStride)
  range(map.preferred, classCount * map.candidatesStride)
  range(map.match, matchRowCount * agentCountMax)
  return ranges
}
