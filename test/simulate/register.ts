/**
 * `node --import` this before a simulation's entry. `SIMULATE_PATCHES` is a JSON list of the patches
 * to apply (hooks.ts).
 */
import { register } from 'node:module'

register('./hooks.js', import.meta.url, { data: JSON.parse(process.env.SIMULATE_PATCHES ?? '[]') })
