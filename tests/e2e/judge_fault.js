'use strict';
// Makes a version of the example fail on purpose: loaded before its server.js. What is wrong is told by an object:
// share of requests that answer 500, path they begin with, file that must be there, delay_ms and slower times; a
// process that finds the file `cold` when it starts is slower for good, as one whose caches are empty.
const fs = require('node:fs');
const http = require('node:http');

const create = http.createServer;

module.exports = function break_it({ version, faults, delay_ms = 0, slower = 1, cold, log }) {
  const factor = slower * (cold && fs.existsSync(cold) ? 1.6 : 1);
  const pause_ms = () => (delay_ms + Math.random() * delay_ms) * factor;
  const hits = (url) => faults.some(({ share, path = '/', file }) =>
    url.startsWith(path) && Math.random() < share && (!file || fs.existsSync(file)));
  const fail = (response) => {
    if (log) fs.appendFileSync(log, `${Date.now()}\n`);
    response.writeHead(500, { 'X-Shop-Version': version, 'Content-Type': 'text/plain', 'Content-Length': 2 });
    response.end('no');
  };
  http.createServer = (handler) => create((request, response) => {
    if (request.url === '/health') return handler(request, response);
    if (hits(request.url)) {
      request.resume();
      return fail(response);
    }
    if (delay_ms === 0) return handler(request, response);
    return setTimeout(() => handler(request, response), pause_ms());
  });
};
