/** What a service has besides its scheduler: its HTTP port and its log. Any thread. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export const LOG_FORMATS = ['auto', 'text', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

export interface HttpOptions {
  /** Null: none is opened. */
  port: number | null
  host: string
  /** Asked of every request; needed where others than this machine can ask. */
  token?: string
}

export interface LogOptions {
  level: LogLevel
  /** `auto`: text on a terminal, JSON elsewhere. */
  format: LogFormat
}

export interface ServiceOptions {
  http: Partial<HttpOptions>
  log: Partial<LogOptions>
}

export const SERVICE_DEFAULTS = {
  http: { port: null, host: '127.0.0.1' } satisfies HttpOptions,
  log: { level: 'info', format: 'auto' } satisfies LogOptions,
}
