// Never returns from a task of class 1.
export default () => ({
  name: 'stalling',
  choose(task, candidates) {
    while (task.classIndex === 1);
    return candidates.first()
  },
})
