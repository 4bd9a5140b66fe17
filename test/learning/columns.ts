/** What learning writes, in plain arrays. */
import { Learning, type LearningColumns, type LearningShape } from '../../src/learning/learning.ts'

export class PlainColumns implements LearningColumns {
  readonly latency = new Map<string, number>()
  readonly success = new Map<string, number>()
  readonly skill = new Map<string, number>()
  readonly rowLatency = new Map<number, number>()
  cleared: number[] = []

  publish(row: number, agent: number, values: Float64Array): void {
    const [latency, success, skill, rowLatency] = values
    const key = `${row},${agent}`
    this.latency.set(key, latency)
    this.success.set(key, success)
    this.skill.set(key, skill)
    this.rowLatency.set(row, rowLatency)
  }

  setSkill(row: number, agent: number, skill: number): void {
    this.skill.set(`${row},${agent}`, skill)
  }

  setRowLatency(row: number, us: number): void {
    this.rowLatency.set(row, us)
  }

  clear(agent: number): void {
    this.cleared.push(agent)
  }

  /** As a strategy sees them; undefined where nothing was ever written. */
  of(row: number, agent: number) {
    const key = `${row},${agent}`
    return {
      latency: this.latency.get(key),
      success: this.success.get(key),
      skill: this.skill.get(key),
    }
  }
}

export interface Learner {
  columns: PlainColumns
  learning: Learning
}

export function learner(shape: Partial<LearningShape> = {}): Learner {
  const columns = new PlainColumns()
  const learning = new Learning(columns, {
    agentCountMax: 8,
    rowCountMax: 4,
    windowSize: 100,
    enabled: true,
    ...shape,
  })
  return { columns, learning }
}
