// Never returns from the tenth choice of each thread.
export default () => {
  let choices = 0
  return {
    name: 'stalling-at-10',
    choose(_task, candidates) {
      choices++
      while (choices >= 10);
      return candidates.first()
    },
  }
}
