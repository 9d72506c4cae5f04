'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { start } = require('../app/serve');
const { plain_search, ranked_search, related_to } = require('../app/search');

console.log = () => {};  // the shop's own lines would drown the test report

const v1_1 = { version: '1.1.0', features: ['test'], search: ranked_search, related: related_to };

async function ask(port, where, body, headers = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${where}`, {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'content-type': 'application/json', ...headers } : headers,
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  const json = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
}

describe('a running shop', () => {
  let shop;
  let port;
  let folder;
  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shopflow-'));
    shop = await start(v1_1, { PORT: '0', SHOPFLOW_STATE: folder });
    port = shop.port;
  });
  after(async () => {
    await shop.stop(0);
    fs.rmSync(folder, { recursive: true });
  });

  test('lists products in pages that do not overlap', async () => {
    const first = (await ask(port, '/api/products?per_page=20')).body;
    const last = (await ask(port, '/api/products?per_page=20&page=3')).body;
    assert.ok(first.total >= 40);
    assert.equal(first.products.length, 20);
    assert.equal(last.products.length, first.total - 40);
    assert.ok(!last.products.some((p) => first.products.some((q) => q.id === p.id)));
  });

  test('refuses a page that is not a number', async () => {
    assert.equal((await ask(port, '/api/products?page=x')).status, 400);
  });

  test('names its version in every answer, also in errors', async () => {
    for (const where of ['/', '/api/products/9999', '/nowhere', '/api/products/search']) {
      assert.equal((await ask(port, where)).headers.get('x-shop-version'), '1.1.0', where);
    }
  });

  test('keeps a cart in its id and in a cookie', async () => {
    const made = await ask(port, '/api/cart', { product_id: 1, quantity: 2 });
    assert.equal(made.status, 201);
    const cookie = made.headers.get('set-cookie').split(';')[0];
    const more = await ask(port, '/api/cart', { product_id: 2, quantity: 1 }, { cookie });
    assert.equal(more.body.total_cents, 2 * 1290 + 2490);
    const read = await ask(port, `/api/cart/${more.body.id}`);
    assert.deepEqual(read.body, more.body);
  });

  test('refuses a cart id that somebody changed', async () => {
    const { body } = await ask(port, '/api/cart', { product_id: 1, quantity: 1 });
    assert.equal((await ask(port, `/api/cart/x${body.id}`)).status, 404);
  });

  test('takes an order out of stock and writes it to the log', async () => {
    const stock = (await ask(port, '/api/products/3')).body.stock;
    const order = await ask(port, '/api/checkout', { items: [{ product_id: 3, quantity: 2 }], email: 'a@b.example' });
    assert.equal(order.status, 201);
    assert.equal(order.body.total_cents, 2 * 1890);
    assert.equal((await ask(port, '/api/products/3')).body.stock, stock - 2);
    const logged = fs.readFileSync(path.join(folder, 'orders.jsonl'), 'utf8').trim().split('\n').map(JSON.parse);
    assert.ok(logged.some((entry) => entry.id === order.body.id));
  });

  test('refuses an order for nothing, for no product and for a broken body', async () => {
    assert.equal((await ask(port, '/api/checkout', { items: [] })).status, 422);
    assert.equal((await ask(port, '/api/checkout', { items: [{ product_id: 777, quantity: 1 }] })).status, 422);
    const broken = await fetch(`http://127.0.0.1:${port}/api/checkout`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: '{',
    });
    assert.equal(broken.status, 400);
  });

  test('is healthy in whole and in parts', async () => {
    const { body } = await ask(port, '/health');
    assert.equal(body.status, 'healthy');
    assert.equal(body.checks.database.status, 'healthy');
    assert.equal(typeof body.checks.cache.latency_ms, 'number');
    for (const part of ['db', 'cache', 'external']) {
      assert.equal((await ask(port, `/health/${part}`)).body.status, 'healthy', part);
    }
  });

  test('says so when the database is gone', async () => {
    const kept = shop.shop.store.by_id;
    shop.shop.store.by_id = new Map();
    const whole = await ask(port, '/health');
    shop.shop.store.by_id = kept;
    assert.equal(whole.status, 503);
    assert.equal(whole.body.checks.database.status, 'unhealthy');
    assert.equal(whole.body.checks.cache.status, 'healthy');
  });

  test('counts in the Prometheus text format', async () => {
    const { body } = await ask(port, '/metrics');
    assert.match(body, /^shop_build\{version="1\.1\.0"\} 1$/m);
    assert.match(body, /^shop_requests_total\{route="\/health",status="200"\} \d+$/m);
    assert.match(body, /^shop_orders_total \d+$/m);
  });
});

test('a ranked search puts the best match first, a plain one keeps the order', () => {
  const products = [
    { id: 1, name: 'Steel Bottle', category: 'travel', words: ['coffee'] },
    { id: 2, name: 'Coffee Mill', category: 'kitchen', words: ['coffee'] },
  ];
  assert.deepEqual(ranked_search(products, 'coffee').map((p) => p.id), [2, 1]);
  assert.deepEqual(plain_search(products, 'coffee').map((p) => p.id), [1, 2]);
});
