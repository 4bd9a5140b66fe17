/** Colours of pictures, for light and dark pages; pure. Any thread. */

interface Hue {
  readonly light: string
  readonly dark: string
}

/** Okabe and Ito's colours, and others between them: neighbours in a pipeline are told apart. */
export const PICTURE_HUES: readonly Hue[] = [
  { light: '#64748b', dark: '#a3b1c4' },
  { light: '#b34700', dark: '#f0903c' },
  { light: '#00755a', dark: '#2fc79b' },
  { light: '#a0467c', dark: '#dd94bd' },
  { light: '#0072b2', dark: '#56b4e9' },
  { light: '#a07800', dark: '#e6c84a' },
  { light: '#5b4fa8', dark: '#a99cf2' },
  { light: '#97303a', dark: '#f07f89' },
  { light: '#4d7c0f', dark: '#a3d65c' },
  { light: '#8a5a2b', dark: '#d9a56c' },
  { light: '#0e7490', dark: '#4fd0e4' },
  { light: '#737373', dark: '#c7c7c7' },
]

const INKS = {
  light: { page: '#ffffff', ink: '#1f2328', soft: '#59636e', grid: '#e3e6ea', inbox: '#d5dbe2' },
  dark: { page: '#0d1117', ink: '#f0f6fc', soft: '#9198a1', grid: '#2a3038', inbox: '#343c46' },
}
const ALARM = { light: '#c1121f', dark: '#ff6b6b' }
const RAISED = { light: '#6b4fbb', dark: '#b39df5' }

/** Plain rules for each scheme, no variables: not only browsers draw this. */
export function inkStyle(count: number): string {
  const hues = PICTURE_HUES.slice(0, count)
  return [
    '<style>',
    'svg{font:12px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}',
    '.title{font-size:15px;font-weight:600}.label{font-size:13px;font-weight:600}',
    '.small,.inside{font-size:10px}.middle{text-anchor:middle}.end{text-anchor:end}',
    '.grid,.axis,.lost{fill:none}.lost{stroke-width:2}',
    rulesOf('light', hues),
    `@media(prefers-color-scheme:dark){${rulesOf('dark', hues)}}`,
    '</style>',
  ].join('\n')
}

function rulesOf(scheme: 'light' | 'dark', hues: readonly Hue[]): string {
  const { page, ink, soft, grid, inbox } = INKS[scheme]
  const coloured = hues.map((hue, at) => `.c${at}{fill:${hue[scheme]}}`)
  return (
    `.page{fill:${page}}text{fill:${soft}}.title,.name,.label{fill:${ink}}.inside{fill:${page}}` +
    `.grid{stroke:${grid}}.axis{stroke:${soft}}.inbox{fill:${inbox}}` +
    `.late{fill:${ALARM[scheme]}}.up{fill:${RAISED[scheme]}}.lost{stroke:${ink}}` +
    coloured.join('')
  )
}
