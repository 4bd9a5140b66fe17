/**
 * Frames: many tasks, results, answers or acknowledgements in one message, as bytes. The parts
 * that the rest of Signalbox uses; docs/PROTOCOL.md, "Frames", has the byte tables.
 */
export { ANSWER, ANSWER_FLAG, ANSWER_STATES, AnswerReader, AnswerWriter } from './frame-answers.ts'
export { AckReader, AckWriter, BeatReader, BeatWriter } from './frame-counters.ts'
export { FRAME, FRAME_KIND, frameKind, frameNumber } from './frame-format.ts'
export { graphBytes, type WorkGraph } from './frame-inputs.ts'
export { FramePool } from './frame-pool.ts'
export { RESULT_FLAG, ResultReader, ResultWriter } from './frame-results.ts'
export {
  promisesBytes,
  RETRY_COUNT_OF_QUEUE,
  SUBMIT_FLAG,
  type SubmitExtension,
  SubmitReader,
  SubmitWriter,
  submitExtension,
  TIMEOUT_OF_QUEUE,
} from './frame-submits.ts'
export {
  GRAPHS_VERSION,
  MOVES_VERSION,
  TYPES_VERSION,
  type WorkExtension,
  WorkReader,
  WorkWriter,
  workExtension,
} from './frame-work.ts'
