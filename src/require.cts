/**
 * Behind the `require` condition of `package.json`: who comes here cannot load ES modules, and hears
 * what to do instead.
 *
 * Runs in Node before 20.19 and 22.12, and in loaders of their own such as Jest's. Newer Nodes take
 * the condition `module-sync` before it and bundlers `module`, both of which name the very module that
 * `import` gives. Not taken: a second, CommonJS build, because a process that loads both has two
 * classes `TaskError`, and `instanceof` is false for half of its errors.
 */
throw Object.assign(
  new Error(
    `Signalbox is made of ES modules, which this require() cannot load (Node ${process.version}): ` +
      "use import(), as in `const { connect } = await import('signalbox')`, which works in CommonJS " +
      'everywhere; or Node 20.19, 22.12 or newer, where require() can.',
  ),
  { code: 'ERR_REQUIRE_ESM' },
)
