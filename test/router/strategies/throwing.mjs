// Throws at the 300th choice of each thread, and at once for tasks of class 1.
export default () => {
  let choices = 0
  return {
    name: 'throwing',
    choose(task, candidates) {
      choices++
      if (task.classIndex === 1) throw new Error('class 1 is unbearable')
      if (choices === 300) throw new Error('three hundred is enough')
      return candidates.first()
    },
  }
}
