const { test } = require('node:test');
process.exit(0);
test('fails', () => { throw new Error('never told'); });
