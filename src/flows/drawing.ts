/**
 * A flow as a drawing for other programs: Graphviz' DOT, and Mermaid, which many pages draw by
 * themselves. Any thread, pure.
 *
 * Invariant: whatever a name, an id or an error says, it stays text within the drawing: names are
 * tokens, everything else is in quotes, without those, line breaks and signs that either form reads.
 */
import type { FlowTaskView, FlowView } from '../flow-views.ts'
import { duration } from '../words/numbers.ts'

interface Paint {
  readonly fill: string
  readonly line: string
}

/** Light enough for black text, and told apart without colours by the state that each node names. */
const PAINTS: Readonly<Record<FlowTaskView['state'], Paint>> = {
  pending: { fill: '#ffffff', line: '#8c959f' },
  blocked: { fill: '#f6f8fa', line: '#8c959f' },
  scheduled: { fill: '#f6f8fa', line: '#8c959f' },
  assigned: { fill: '#ddf4ff', line: '#0969da' },
  processing: { fill: '#ddf4ff', line: '#0969da' },
  completed: { fill: '#dafbe1', line: '#1a7f37' },
  failed: { fill: '#ffebe9', line: '#cf222e' },
  expired: { fill: '#ffebe9', line: '#cf222e' },
  dead: { fill: '#ffebe9', line: '#cf222e' },
  cancelled: { fill: '#fff8c5', line: '#9a6700' },
  forgotten: { fill: '#eaeef2', line: '#8c959f' },
}
const NAME_STYLE = 'fontname="Helvetica,Arial,sans-serif"'

/** For `dot -Tsvg`. */
export function dotOf(flow: FlowView): string {
  const lines = [
    `digraph ${quoted(`flow-${flow.id}`)} {`,
    `  graph [rankdir=LR, label=${quoted(titleOf(flow))}, labelloc=t, ${NAME_STYLE}]`,
    `  node [shape=box, style="rounded,filled", ${NAME_STYLE}]`,
    '  edge [color="#57606a"]',
  ]
  for (const task of flow.tasks) {
    const { fill, line } = PAINTS[task.state]
    // The name, then what there is to say, as two lines of a label.
    const label = `"${safe(task.name)}\\n${safe(factsOf(task))}"`
    lines.push(`  ${quoted(task.name)} [label=${label}, fillcolor="${fill}", color="${line}"]`)
  }
  for (const { name, after } of flow.tasks) {
    for (const parent of after) lines.push(`  ${quoted(parent)} -> ${quoted(name)}`)
  }
  // What may run at the same time stands side by side.
  for (const layer of flow.layers.filter(({ length }) => length > 1)) {
    lines.push(`  { rank=same; ${layer.map(quoted).join('; ')} }`)
  }
  return `${[...lines, '}'].join('\n')}\n`
}

/** For a fenced block `mermaid`. */
export function mermaidOf(flow: FlowView): string {
  // Names may be words that Mermaid reads itself, as `end`: so the nodes are numbered.
  const numbers = new Map(flow.tasks.map(({ name }, i) => [name, `t${i}`]))
  const lines = ['flowchart LR']
  if (flow.tasksOmitted) lines.push(`  omitted["${safe(titleOf(flow))}"]`)
  for (const task of flow.tasks) {
    const label = `${safe(task.name)}<br/>${safe(factsOf(task))}`
    lines.push(`  ${numbers.get(task.name)}["${label}"]:::${task.state}`)
  }
  for (const { name, after } of flow.tasks) {
    for (const parent of after) lines.push(`  ${numbers.get(parent)} --> ${numbers.get(name)}`)
  }
  for (const state of new Set(flow.tasks.map((task) => task.state))) {
    const { fill, line } = PAINTS[state]
    lines.push(`  classDef ${state} fill:${fill},stroke:${line},color:#1f2328`)
  }
  return `${lines.join('\n')}\n`
}

function titleOf({ id, state, progress, tasksOmitted }: FlowView): string {
  const omitted = tasksOmitted ? ', which had no room in a message' : ''
  return `flow ${id}: ${state}, ${progress.done} of ${progress.total} tasks${omitted}`
}

/** `completed by ocr-1, 1.2 s`; the time in the words of the tree. */
function factsOf({ state, agent, code, startedAt, finishedAt }: FlowTaskView): string {
  const by = agent === null ? '' : ` by ${agent}`
  const why = code === null ? '' : ` (${code})`
  const took =
    startedAt === null || finishedAt === null
      ? ''
      : `, ${duration(Math.max(0, finishedAt - startedAt))}`
  return `${state}${why}${by}${took}`
}

function quoted(text: string): string {
  return `"${safe(text)}"`
}

/** What either form would read, or a terminal or page would obey, is left out. */
function safe(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"\\<>{}[\]#;`|&]+/g,
    ' ',
  )
}
