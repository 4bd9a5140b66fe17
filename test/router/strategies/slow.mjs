// Takes the next free agent after 100 µs of work, so that routers hold tasks most of the time.
export default () => {
  let cursor = 0
  return {
    name: 'slow',
    choose(_task, candidates) {
      const end = performance.now() + 0.1
      while (performance.now() < end);
      const agent = candidates.nextFrom(cursor)
      cursor = agent + 1
      return agent
    },
  }
}
