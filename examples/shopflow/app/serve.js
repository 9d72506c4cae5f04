'use strict';
// Listens on 127.0.0.1:$PORT and stops without losing a request.
//
// The order of a stop: no new connections; every further answer says "Connection: close"; a
// connection that idles is kept for LINGER_MS, because a request may already be on its way on it;
// then idle ones are closed, busy ones when their answer is out; then the process ends by itself.
const http = require('node:http');
const net = require('node:net');
const { make_app, make_shop } = require('./shop');

const LINGER_MS = 200;
const STOP_DEADLINE_MS = 25000;

class GracefulServer {
  constructor(app) {
    this.stopping = false;
    this.busy = new Map();  // socket -> requests in flight on it
    this.answering = new Set();  // responses not yet out
    this.server = http.createServer((request, response) => this.serve(app, request, response));
    // Longer than any proxy keeps an idle connection: the proxy closes first, never we under it.
    this.server.keepAliveTimeout = 75000;
    this.server.headersTimeout = 80000;
    this.server.on('connection', (socket) => {
      socket.setNoDelay(true);
      this.busy.set(socket, 0);
      socket.once('close', () => this.busy.delete(socket));
    });
  }

  serve(app, request, response) {
    const { socket } = request;
    this.busy.set(socket, (this.busy.get(socket) ?? 0) + 1);
    this.answering.add(response);
    if (this.stopping) response.setHeader('Connection', 'close');
    response.once('close', () => {
      this.answering.delete(response);
      if (!this.busy.has(socket)) return;
      this.busy.set(socket, this.busy.get(socket) - 1);
      if (this.lingered) this.close_idle();
    });
    app(request, response);
  }

  listen(port) {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port, host: '127.0.0.1', backlog: 1024 }, () => resolve(this.server.address().port));
    });
  }

  close_idle() {
    for (const [socket, requests] of this.busy) if (requests === 0) socket.destroySoon();
  }

  // Resolves when the last connection is closed.
  stop(linger_ms = LINGER_MS) {
    this.stopping = true;
    for (const response of this.answering) {
      if (!response.headersSent) response.setHeader('Connection', 'close');
    }
    return new Promise((resolve) => {
      // http.Server.close() would end idle connections at once; net.Server's only stops listening.
      net.Server.prototype.close.call(this.server, resolve);
      setTimeout(() => {
        this.lingered = true;
        this.close_idle();
      }, this.busy.size > 0 ? linger_ms : 0);
    });
  }
}

async function start(options, environment = process.env) {
  const shop = make_shop(options, environment);
  const server = new GracefulServer(make_app(shop));
  const port = await server.listen(Number(environment.PORT ?? 3000));
  const say = (event) => console.log(JSON.stringify({ level: 'info', event, version: shop.version, port }));
  say('listening');
  const stop = async (linger_ms) => {
    shop.begin_stop();
    await server.stop(linger_ms);
  };
  return { shop, server, port, say, stop };
}

// What a version's server.js calls: start, and stop by signal.
async function main(options) {
  let running;
  try {
    running = await start(options);
  } catch (error) {
    console.error(`shopflow cannot listen on 127.0.0.1:${process.env.PORT ?? 3000}: ${error.message}`);
    process.exit(1);
  }
  const stop_by_signal = async () => {
    if (running.shop.is_stopping()) return;
    running.say('stopping');
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
    await running.stop();
    running.say('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', stop_by_signal);
  process.on('SIGINT', stop_by_signal);
}

module.exports = { main, start };
