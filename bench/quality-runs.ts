/**
 * What the child processes of `quality` run: fleets in virtual time, each strategy given the same tasks.
 *
 * Runs on: child processes. Invariant: a run throws unless every task completed once, so each value is
 * about all tasks; values are named `binding.strategy.measure`, the clairvoyant's `clairvoyant.measure`.
 */
import { runClairvoyant } from '../src/fleet-model/clairvoyant.ts'
import type { DurationKind } from '../src/fleet-model/durations.ts'
import { SpeedService } from '../src/fleet-model/fleet.ts'
import type { Measured } from '../src/fleet-model/measures.ts'
import { runModel } from '../src/fleet-model/model.ts'
import { ONE_TYPE } from '../src/fleet-model/workload.ts'
import { BINDINGS, type Binding } from '../src/options.ts'
import { strategyNames } from '../src/routing/registry.ts'
import exactWait from './exact-wait.ts'
import {
  equalAgents,
  FLEETS,
  type FleetName,
  MEAN_WORK_US,
  speedsOneToFive,
  tasksFor,
} from './fleets.ts'
import type { Parameters, Values } from './harness.ts'

/** Times in ms, the rest as shares. */
function valuesOf(name: string, measured: Measured): Values {
  const { waitUs, totalUs, utilisation, spread } = measured
  return {
    [`${name}.wait`]: waitUs.mean / 1_000,
    [`${name}.waitP99`]: waitUs.p99 / 1_000,
    [`${name}.total`]: totalUs.mean / 1_000,
    [`${name}.totalP99`]: totalUs.p99 / 1_000,
    [`${name}.utilisation`]: utilisation,
    [`${name}.spread`]: spread,
  }
}

/** Every strategy, bound late and early, and the clairvoyant, on one fleet at one load. */
export async function everyStrategy(parameters: Parameters): Promise<Values> {
  const { fleet: name, load, durations, tasks, seed } = parameters
  const plan = FLEETS[name as FleetName]
  const kind = durations as DurationKind
  const workload = tasksFor(plan, load as number, kind, tasks as number, seed as number)
  const service = new SpeedService(workload, plan.fleet)
  const values = valuesOf('clairvoyant', runClairvoyant(workload, plan.fleet, service))
  for (const binding of BINDINGS) {
    for (const strategy of strategyNames()) {
      const run = { workload, fleet: plan.fleet, strategy, binding, seed: seed as number }
      Object.assign(values, valuesOf(`${binding}.${strategy}`, runModel(run)))
    }
  }
  return values
}

/** Mean times to completion, ms: `shortest_wait`'s, bound late and early, and the clairvoyant's. */
export async function regret(parameters: Parameters): Promise<Values> {
  const { fleet: name, load, durations, tasks, seed } = parameters
  const plan = FLEETS[name as FleetName]
  const kind = durations as DurationKind
  const workload = tasksFor(plan, load as number, kind, tasks as number, seed as number)
  const service = new SpeedService(workload, plan.fleet)
  const values: Values = {
    clairvoyant: runClairvoyant(workload, plan.fleet, service).totalUs.mean / 1_000,
  }
  for (const binding of BINDINGS) {
    const run = {
      workload,
      fleet: plan.fleet,
      strategy: 'shortest_wait',
      binding,
    }
    values[binding] = runModel({ ...run, seed: seed as number }).totalUs.mean / 1_000
  }
  return values
}

/** Mean wait of c equal servers, as a share of the mean time of a task. */
export async function equalServers(parameters: Parameters): Promise<Values> {
  const { agents, concurrency, load, tasks, seed, strategy } = parameters
  const plan = {
    fleet: equalAgents(agents as number, concurrency as number),
    types: ONE_TYPE,
  }
  const workload = tasksFor(plan, load as number, 'exponential', tasks as number, seed as number)
  const run = { workload, fleet: plan.fleet, binding: 'late' as Binding }
  const { waitUs } = runModel({ ...run, strategy: strategy as string, seed: seed as number })
  return { wait: waitUs.mean / MEAN_WORK_US }
}

/** `shortest_wait`, which samples in so large a fleet, and its twin, which does not; ms. */
export async function sampling(parameters: Parameters): Promise<Values> {
  const { agents, load, binding, tasks, seed } = parameters
  const plan = { fleet: speedsOneToFive(agents as number, 1), types: ONE_TYPE }
  const workload = tasksFor(plan, load as number, 'exponential', tasks as number, seed as number)
  const run = {
    workload,
    fleet: plan.fleet,
    strategy: 'shortest_wait',
    binding: binding as Binding,
    seed: seed as number,
  }
  return {
    sampled: runModel(run).totalUs.mean / 1_000,
    exact: runModel({ ...run, factory: exactWait }).totalUs.mean / 1_000,
  }
}
