/** The repository's own files, as the tests of the house read them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root, without a slash at its end. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/**
 * @returns the paths of all files of ours below a folder, relative to it, sorted; none if it is
 * absent. What npm installed is not ours.
 */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => !name.includes('node_modules/'))
    .sort()
}

/** @returns every TypeScript file below these folders of the repository, relative to its root. */
export function sources(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    filesBelow(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  )
}

/** @returns the text of a file of the repository. */
export function text(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** @returns the text with comments and the contents of strings taken out: code only. */
export function codeOf(source: string): string {
  return source.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g,
    (match) => (match.startsWith('/') ? ' ' : "''"),
  )
}
