// Runs inside the sandbox: a reporter's way through the door (see backsmith_door.py).
// Everything that is used later is taken now, before any code of the project could change it.
'use strict';
const { openSync, readSync, closeSync, writeSync } = require('node:fs');
const { stringify } = JSON;
const bytes = Buffer.from.bind(Buffer);
const MAX_MESSAGE = 8000;

exports.open = () => {
  const place = process.env.BACKSMITH_DOOR;
  delete process.env.BACKSMITH_DOOR;
  const events = openSync(`${place}/events`, 'w');
  const hello = openSync(`${place}/hello`, 'r');
  const buffer = Buffer.alloc(64);
  const word = buffer.toString('latin1', 0, readSync(hello, buffer));
  closeSync(hello);
  return (event) => {
    const data = bytes(`${word} ${stringify(event)}\n`, 'utf8');
    for (let at = 0; at < data.length; ) at += writeSync(events, data, at);
  };
};

// The head and tail of what went wrong, without colours.
exports.bounded = (text) => {
  const plain = `${text}`.replace(/\u001b\[[0-9;]*m/g, '');
  const half = MAX_MESSAGE / 2;
  return plain.length <= MAX_MESSAGE ? plain : `${plain.slice(0, half)}\n[...]\n${plain.slice(-half)}`;
};

exports.relative = (path) => {
  const here = `${process.cwd()}/`;
  return path.startsWith(here) ? path.slice(here.length) : path;
};
