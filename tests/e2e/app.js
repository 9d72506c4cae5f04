'use strict';
// The smallest app that can misbehave in every way the tests need: `node app.js VERSION`, without npm packages.
// MODE=ok (default) serves; dies says why and ends at once; unhealthy serves but /health is 503;
// stubborn serves and ignores SIGTERM; worker has no port and waits for SIGTERM. START_MS delays the
// moment it begins to listen; LOG=1 prints a line for each request.
const http = require('http');

const version = process.argv[2] || process.env.VERSION || 'none';
const mode = process.env.MODE || 'ok';

if (mode === 'dies') {
  console.log(`app ${version}: cannot find the table "orders"`);
  console.error('app: giving up at once');
  process.exit(3);
}

if (mode === 'worker') {
  process.on('SIGTERM', () => process.exit(0));
  setInterval(() => {}, 60000);
  console.log(`app ${version}: working`);
  return;
}

function answer(request, response) {
  if (process.env.LOG) console.log(`${request.method} ${request.url}`);
  const health = request.url === '/health';
  const status = health && mode === 'unhealthy' ? 503 : 200;
  const body = health
    ? JSON.stringify(status === 200 ? { status: 'ok' }
                                    : { status: 'unhealthy', database: { status: 'down', error: 'no connection' } })
    : version;
  response.writeHead(status, {
    'Content-Type': health ? 'application/json' : 'text/plain',
    'Content-Length': Buffer.byteLength(body),
    'X-Shop-Version': version,
  });
  response.end(body);
}

const server = http.createServer(answer);
server.keepAliveTimeout = 60000;

process.on('SIGTERM', () => {
  if (mode === 'stubborn') return;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

setTimeout(() => {
  server.listen(Number(process.env.PORT), '127.0.0.1', () => {
    console.log(`app ${version}: listening on 127.0.0.1:${process.env.PORT}`);
  });
}, Number(process.env.START_MS || 0));
