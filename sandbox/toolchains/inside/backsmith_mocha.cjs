// Runs inside the sandbox: mocha's reporter, loaded before any test file.
'use strict';
const assert = require('node:assert');
const doors = require('./backsmith_door.cjs');
const write = process.stdout.write.bind(process.stdout);

module.exports = class Backsmith {
  constructor(runner) {
    const tell = doors.open();
    const seconds = (test) => (test.duration ?? 0) / 1000;
    runner.on('start', () => runner.suite.eachTest((test) => {
      if (!runner._grep || runner._grep.test(test.fullTitle()) !== runner._invert) {
        tell({ event: 'collected', id: name(test) });
      }
    }));
    runner.on('pass', (test) => {
      write(`ok      ${test.fullTitle()}\n`);
      tell({ event: 'result', id: name(test), outcome: 'passed', seconds: seconds(test) });
    });
    runner.on('pending', (test) => {
      write(`skipped ${test.fullTitle()}\n`);
      tell({ event: 'result', id: name(test), outcome: 'skipped' });
    });
    runner.on('fail', (test, error) => {
      const message = doors.bounded(error?.stack ?? error?.message ?? error);
      write(`FAILED  ${test.fullTitle()}\n${message}\n`);
      // A hook that fails has no test of its own.
      const outcome = test.type === 'hook' ? 'errored' : 'failed';
      tell({ event: 'result', id: name(test), outcome, message, seconds: seconds(test) });
    });
    runner.on('end', () => {
      if (!fails()) tell({ event: 'tampered', what: 'an assertion of ours that has to fail did not' });
      tell({ event: 'finished' });
    });
  }
};

const fails = () => {
  try {
    assert.deepStrictEqual([1], [2]);
    assert.equal(1, 2);
  } catch {
    return true;
  }
  return false;
};

const name = (test) => [test.parent?.fullTitle(), test.title].filter(Boolean).join('::');
