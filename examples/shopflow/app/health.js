'use strict';
// /health and its parts. A check is a function that returns extra facts or throws; how long it took
// is measured around it.
const { performance } = require('node:perf_hooks');

function run_check(check) {
  const begun = performance.now();
  try {
    const facts = check();
    return { status: 'healthy', latency_ms: Number((performance.now() - begun).toFixed(3)), ...facts };
  } catch (error) {
    return { status: 'unhealthy', latency_ms: Number((performance.now() - begun).toFixed(3)), error: error.message };
  }
}

function health_routes(app, shop) {
  const checks = {
    database: () => {
      if (!shop.store.ping()) throw new Error('the store has lost its products');
      return { kind: 'in-memory', products: shop.store.products.length };
    },
    cache: () => ({ kind: 'in-memory', entries: shop.cache.entries.size }),
    external: () => ({ payments: { status: 'healthy', kind: 'stub' } }),
  };
  const answer = (response, body) =>
    response.status(body.status === 'healthy' ? 200 : 503).set('Cache-Control', 'no-store').json(body);

  app.get('/health', (request, response) => {
    const results = { database: run_check(checks.database), cache: run_check(checks.cache) };
    const healthy = Object.values(results).every((result) => result.status === 'healthy');
    answer(response, {
      status: healthy ? 'healthy' : 'unhealthy',
      version: shop.version,
      uptime_s: shop.counters.uptime_s(),
      checks: results,
    });
  });
  app.get('/health/db', (request, response) => answer(response, run_check(checks.database)));
  app.get('/health/cache', (request, response) => answer(response, run_check(checks.cache)));
  app.get('/health/external', (request, response) => answer(response, run_check(checks.external)));
  app.get('/ready', (request, response) => {
    const ready = !shop.is_stopping();
    response.status(ready ? 200 : 503).json({ ready, version: shop.version });
  });
}

module.exports = { health_routes };
