// Runs inside the sandbox: node:test's reporter, in the process that starts one process for each test file.
import { resolve } from 'node:path';

import doors from './backsmith_door.cjs';

const tell = doors.open();

export default async function* report(source) {
  const names = [];
  const parents = new Set();
  const open = new Map();
  for await (const { type, data } of source) {
    if (type === 'test:enqueue') count(open, data, 1);
    else if (type === 'test:start') names.splice(data.nesting, Infinity, data.name);
    else if (type === 'test:pass' || type === 'test:fail') {
      count(open, data, -1);
      const id = [...names.slice(0, data.nesting), data.name].join('::');
      result(id, type === 'test:pass', data, parents.delete(data.nesting));
      if (data.nesting > 0) parents.add(data.nesting - 1);
    }
  }
  for (const { name, left } of open.values()) {
    const message = 'began, and never came to its end';
    if (left > 0) tell({ event: 'result', id: name, outcome: 'errored', message });
  }
  tell({ event: 'finished' });
}

function count(open, data, by) {
  if (isFile(data)) return;
  const key = `${data.file ?? ''} ${data.nesting} ${data.name}`;
  open.set(key, { name: data.name, left: (open.get(key)?.left ?? 0) + by });
}

// node:test tells of a file as of a test: by its whole path, or by one from here. Before version 20 no event names
// its file, and a file's tests may be its children.
const isFile = ({ nesting, name, file }) => nesting === 0 && (file ? resolve(name) === file : name.startsWith('/'));

function result(id, passed, data, parent) {
  const { details } = data;
  const error = details?.error;
  if ((parent || details?.type === 'suite') && (passed || error?.failureType === 'subtestsFailed')) return;
  if (isFile(data)) {
    const path = doors.relative(data.name);
    // node:test takes a file that ends with exit code 0 and tells of no test for a test that passed.
    if (passed) tell({ event: 'silent', path });
    else tell({ event: 'result', id: path, outcome: 'errored', message: text(error) });
    return;
  }
  const skipped = data.skip !== undefined || data.todo !== undefined;
  const outcome = skipped ? 'skipped' : passed ? 'passed' : 'failed';
  const message = skipped ? `${data.skip ?? data.todo}` : passed ? '' : text(error);
  tell({ event: 'result', id, outcome, message, seconds: (details?.duration_ms ?? 0) / 1000 });
}

function text(error) {
  const cause = error?.cause ?? error;
  return doors.bounded(cause?.stack ?? cause?.message ?? cause ?? '');
}
