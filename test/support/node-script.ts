/** Running a script in a Node process of its own and hearing what it printed. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface ScriptOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

/**
 * Runs Node with these words until it ends.
 *
 * @returns what it printed on its standard output.
 * @throws Error with all that it printed when it fails or is not done in 20 s.
 */
export async function node(words: string[], options: ScriptOptions = {}): Promise<string> {
  return program(process.execPath, words, options)
}

/** As `node`, for any program. */
export async function program(
  command: string,
  words: string[],
  { cwd, env = {}, timeoutMs = 20_000 }: ScriptOptions = {},
): Promise<string> {
  const { NODE_OPTIONS: _, ...inherited } = process.env
  try {
    const { stdout } = await run(command, words, {
      cwd,
      env: { ...inherited, ...env },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    return stdout
  } catch (error) {
    const { message, stdout, stderr } = error as { message: string; stdout: string; stderr: string }
    throw new Error(`${message}\n${stdout}\n${stderr}`, { cause: error })
  }
}
