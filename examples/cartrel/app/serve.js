'use strict';
// Cartrel, small: plans and subscriptions of shops. What a release adds, it passes in.
const http = require('node:http');

const KEPT_MS = 200; // a kept connection waits this long for a request that is already on its way

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'X-Shop-Version': process.env.RELEASE || 'none',
  });
  response.end(text);
}

function subscribe(plans, request, response) {
  let text = '';
  request.on('data', (piece) => {
    text += piece;
    if (text.length > 10000) request.destroy();
  });
  request.on('end', () => {
    let wanted;
    try {
      wanted = JSON.parse(text);
    } catch {
      return answer(response, 400, { error: 'the body is no JSON' });
    }
    const plan = plans.find((one) => one.name === wanted.plan);
    if (!plan) return answer(response, 404, { error: `there is no plan ${wanted.plan}` });
    return answer(response, 201, { shop: wanted.shop, plan: plan.name, cents: plan.cents });
  });
}

function serve({ plans }) {
  const server = http.createServer((request, response) => {
    const path = request.url.split('?')[0];
    if (path === '/health') return answer(response, 200, { status: 'ok' });
    if (path === '/plans') return answer(response, 200, { plans });
    if (path === '/subscriptions' && request.method === 'POST') return subscribe(plans, request, response);
    if (path === '/') return answer(response, 200, { app: 'cartrel', release: process.env.RELEASE });
    return answer(response, 404, { error: 'not found' });
  });
  server.listen(Number(process.env.PORT || 3002), '127.0.0.1');
  process.on('SIGTERM', () => {
    server.close(() => process.exit(0));
    setTimeout(() => server.closeIdleConnections(), KEPT_MS);
  });
}

module.exports = { serve };
