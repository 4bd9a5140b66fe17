// Stands still for 60 ms at a critical task, for good at one of high priority; otherwise takes the
// first that is free. The front end waits 5 ms for an offer, and 250 ms for a router that stands still.
const cell = new Int32Array(new SharedArrayBuffer(4))

export default () => ({
  name: 'blocking',
  choose(task, candidates) {
    if (task.level === 4) Atomics.wait(cell, 0, 0, 60)
    while (task.level === 3);
    return candidates.first()
  },
})
