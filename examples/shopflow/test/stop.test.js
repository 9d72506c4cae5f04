'use strict';
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');
const { test } = require('node:test');

const v1 = path.join(__dirname, '../versions/v1.0.0/server.js');
const HEAD = 'POST /api/cart HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n';

async function shop_process() {
  const child = spawn(process.execPath, [v1], { env: { ...process.env, PORT: '0', SHOPFLOW_STATE: '' } });
  const lines = require('node:readline').createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line');
  const exited = once(child, 'exit');
  return { child, exited, lines, port: JSON.parse(line).port };
}

async function connect(port) {
  const socket = net.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  socket.on('data', (bytes) => (text += bytes));
  return { socket, closed: once(socket, 'close'), text: () => text };
}

async function until(truth, what) {
  for (let tries = 0; !truth(); tries += 1) {
    assert.ok(tries < 2000, `waited too long until ${what}`);
    await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 1)));
  }
}

test('a stop finishes the request in flight, closes the connection and ends with 0', async () => {
  const { child, exited, lines, port } = await shop_process();
  const client = await connect(port);
  client.socket.write('GET /ready HTTP/1.1\r\nHost: shop\r\n\r\n');
  await until(() => client.text().includes('"ready":true'), 'the first answer');
  assert.match(client.text(), /Connection: keep-alive/i);
  client.socket.write(HEAD);  // the body is still missing: the request is in flight
  child.kill('SIGTERM');
  await once(lines, 'line');  // "stopping"
  client.socket.write('{"product_id":1,"quantity":1}');
  await client.closed;
  assert.equal((await exited)[0], 0);
  assert.match(client.text(), /201 Created[^]*Connection: close[^]*"total_cents":1290/i);
});

test('a request that arrives on a kept-alive connection just after the stop is answered', async () => {
  const { child, exited, lines, port } = await shop_process();
  const client = await connect(port);
  client.socket.write('GET /ready HTTP/1.1\r\nHost: shop\r\n\r\n');
  await until(() => client.text().includes('"ready":true'), 'the first answer');
  child.kill('SIGTERM');
  await once(lines, 'line');
  client.socket.write('GET /ready HTTP/1.1\r\nHost: shop\r\n\r\n');
  await client.closed;
  assert.match(client.text(), /503[^]*"ready":false/);
  assert.equal((await exited)[0], 0);
});

test('a port in use is said in one sentence', async () => {
  const first = await shop_process();
  const second = spawn(process.execPath, [v1], { env: { ...process.env, PORT: String(first.port) } });
  let said = '';
  second.stderr.on('data', (bytes) => (said += bytes));
  const [code] = await once(second, 'close');
  assert.equal(code, 1);
  assert.match(said, /^shopflow cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/);
  first.child.kill('SIGTERM');
  await first.exited;
});
