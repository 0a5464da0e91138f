it('passes', () => {});
it('ends everything', () => process.exit(0));
it('fails', () => { throw new Error('never told'); });
