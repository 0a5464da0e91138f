const { test } = require('node:test');
const later = () => new Promise((done) => setTimeout(done, 300));
test('passes', later);
test('ends everything', async () => { await later(); process.reallyExit(0); });
test('fails', () => { throw new Error('never told'); });
