// Runs inside the sandbox: jest's reporter, beside its own for people.
'use strict';
const doors = require('./backsmith_door.cjs');

const OUTCOMES = { passed: 'passed', failed: 'failed', pending: 'skipped', todo: 'skipped', skipped: 'skipped', disabled: 'skipped' };

module.exports = class Backsmith {
  constructor() {
    this.tell = doors.open();
  }

  onTestResult(_, suite) {
    const path = doors.relative(suite.testFilePath);
    if (suite.testExecError || (suite.failureMessage && suite.testResults.length === 0)) {
      const message = doors.bounded(suite.failureMessage ?? suite.testExecError?.message);
      this.tell({ event: 'result', id: path, outcome: 'errored', message });
    }
    for (const test of suite.testResults) {
      this.tell({
        event: 'result',
        id: `${path}::${test.fullName}`,
        outcome: OUTCOMES[test.status] ?? 'errored',
        message: test.status === 'passed' ? '' : doors.bounded(test.failureMessages.join('\n')),
        seconds: (test.duration ?? 0) / 1000,
      });
    }
  }

  onRunComplete() {
    this.tell({ event: 'finished' });
  }
};
