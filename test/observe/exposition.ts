/** A strict reader of Prometheus' text form, for tests: whatever it does not know it refuses. */

export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
}

export interface ParsedFamily {
  name: string
  help: string
  type: string
  samples: Sample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`)
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y

/** @throws Error with the line that is not as it must be. */
export function parseExposition(text: string): ParsedFamily[] {
  const families: ParsedFamily[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const help = new RegExp(`^# HELP (${NAME}) (.*)$`).exec(line)
    if (help !== null) {
      families.push({ name: help[1], help: help[2], type: '', samples: [] })
      continue
    }
    const family = families.at(-1)
    const type = new RegExp(`^# TYPE (${NAME}) (\\w+)$`).exec(line)
    if (type !== null) {
      if (family?.name !== type[1] || family.type !== '') throw new Error(`stray: ${line}`)
      family.type = type[2]
      continue
    }
    const sample = sampleOf(line)
    const base = sample.name.replace(/_(bucket|sum|count)$/, '')
    if (family === undefined || (sample.name !== family.name && base !== family.name)) {
      throw new Error(`not of its family: ${line}`)
    }
    family.samples.push(sample)
  }
  return families
}

function sampleOf(line: string): Sample {
  const parts = SAMPLE.exec(line)
  if (parts === null) throw new Error(`not a sample: ${line}`)
  const [, name, list = '', number] = parts
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < list.length) {
    const label = LABEL.exec(list)
    if (label === null) throw new Error(`not a label: ${line}`)
    if (label[1] in labels) throw new Error(`a label twice: ${line}`)
    labels[label[1]] = label[2]
  }
  const value = number === '+Inf' ? Number.POSITIVE_INFINITY : Number(number)
  return { name, labels, value }
}
