package hooks

// AnswerTime is for tests of what an answer's time reveals.
const AnswerTime = answerTime
