// Answers what its task's class says: each class is another kind of nonsense, class 0 is none.
const ANSWERS = [0, undefined, Number.NaN, 1.5, -2, 'agent', 1e9, { valueOf: () => 0 }]

export default () => ({
  name: 'answering',
  choose: (task) => ANSWERS[task.classIndex],
})
