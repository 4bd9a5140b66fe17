/** What seeds lean towards, and the names that their scenarios use. */
export const QUEUES = ['red', 'green', 'blue'] as const
/** Where tasks are escalated to and letters lead; nobody submits to it. */
export const DESK = 'desk'
export const CAPABILITIES = ['ocr', 'gpu', 'fax'] as const

/** How often each comes, in shares. */
export const THEMES = {
  mixed: 10,
  window: 3,
  wideWindow: 0.3,
  classes: 2,
  full: 2,
  crowd: 1.5,
  keep: 2,
  memory: 0.7,
  losses: 3,
  silent: 3,
  timers: 2,
  strict: 1,
  renewals: 2,
  liars: 4,
  calm: 1,
} as const
export type Theme = keyof typeof THEMES
