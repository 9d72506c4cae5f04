'use strict';
// Puts a shop together: the Express application and what stands behind it. A version says what it
// can do by its `options`: {version, features, search, related?, next_order_id?}.
const crypto = require('node:crypto');
const express = require('express');
const { Counters } = require('./counters');
const { health_routes } = require('./health');
const { MemoryStore } = require('./memory_store');
const { OrderLog } = require('./order_log');
const { QueryCache } = require('./query_cache');
const { shop_routes } = require('./routes');

function random_order_id() {
  return `o-${crypto.randomUUID()}`;
}

function make_shop(options, environment = process.env) {
  let stopping = false;
  return {
    version: options.version,
    features: options.features ?? [],
    search: options.search,
    related: options.related,
    next_order_id: options.next_order_id ?? random_order_id,
    // The default is for trying things out; production sets its own.
    secret: environment.CART_SECRET || 'shopflow-development',
    store: new MemoryStore(),
    cache: new QueryCache(),
    counters: new Counters(options.version),
    order_log: new OrderLog(environment.SHOPFLOW_STATE),
    is_stopping: () => stopping,
    begin_stop: () => {
      stopping = true;
    },
  };
}

function count_requests(shop) {
  return (request, response, next) => {
    response.setHeader('X-Shop-Version', shop.version);
    shop.counters.in_flight += 1;
    response.once('close', () => {
      shop.counters.in_flight -= 1;
      shop.counters.count(request.route?.path ?? 'none', response.statusCode);
    });
    next();
  };
}

function answer_error(shop) {
  // Express knows an error route by its four parameters.
  return (error, request, response, next) => {
    const status = error.status >= 400 && error.status < 500 ? error.status : 500;
    if (status >= 500) console.error(JSON.stringify({ level: 'error', path: request.path, error: error.message }));
    if (response.headersSent) return next(error);
    return response.status(status).json({ error: status >= 500 ? 'something went wrong' : error.message });
  };
}

function make_app(shop) {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(count_requests(shop));
  app.use(express.json({ limit: '32kb' }));
  health_routes(app, shop);
  shop_routes(app, shop);
  app.use((request, response) => response.status(404).json({ error: `nothing at ${request.path}` }));
  app.use(answer_error(shop));
  return app;
}

module.exports = { make_shop, make_app };
