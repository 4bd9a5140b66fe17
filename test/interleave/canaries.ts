/**
 * All models and all seeded bugs, collected from the files of `models/`.
 *
 * A model that cannot fail proves nothing: for each structure there are bugs that its models must
 * find, each a textual change of the built code.
 */
import { readdirSync } from 'node:fs'
import type { AnyModel, Canary } from './explore.ts'

interface ModelFile {
  readonly models: readonly AnyModel[]
  readonly canaries: readonly Canary[]
}

/** Imports every file of `models/`; one that exports neither list holds parts for another. */
export async function collect(): Promise<{ models: AnyModel[]; canaries: Canary[] }> {
  const names = readdirSync(new URL('./models', import.meta.url)).sort()
  const stems = names.filter((name) => name.endsWith('.ts')).map((name) => name.slice(0, -3))
  const files: ModelFile[] = []
  for (const stem of stems) {
    const { models, canaries } = await import(`./models/${stem}.ts`)
    const isModelFile = models !== undefined || canaries !== undefined
    if (isModelFile && !(models && canaries)) throw new Error(`${stem}.ts: lacks a list`)
    if (isModelFile) files.push({ models, canaries })
  }
  return {
    models: files.flatMap(({ models }) => models),
    canaries: files.flatMap(({ canaries }) => canaries),
  }
}
