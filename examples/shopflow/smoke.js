'use strict';
// npm run test:smoke: buys one thing at $SLIPWAY_TARGET (http://127.0.0.1:port) and looks at every
// answer on the way. Ends with status 1 and one line per failed check.
const target = process.env.SLIPWAY_TARGET ?? process.argv[2] ?? 'http://127.0.0.1:3000';
const EXPECTED = process.env.SLIPWAY_EXPECT_VERSION;

async function ask(path, body) {
  const response = await fetch(target + path, {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(5000),
  });
  const text = await response.text();
  const is_json = (response.headers.get('content-type') ?? '').includes('json');
  return { status: response.status, version: response.headers.get('x-shop-version'), body: is_json ? JSON.parse(text) : text };
}

const expect = (truth, what) => {
  if (!truth) throw new Error(what);
};

let cart;
const checks = {
  'home page loads': async () => {
    const { status, body, version } = await ask('/');
    expect(status === 200 && body.includes('<h1>ShopFlow</h1>'), `status ${status}`);
    expect(!EXPECTED || version === EXPECTED, `version ${version} answers, not ${EXPECTED}`);
  },
  'health is healthy': async () => {
    const { status, body } = await ask('/health');
    expect(status === 200 && body.status === 'healthy', `status ${status}: ${JSON.stringify(body)}`);
  },
  'products are listed': async () => {
    const { body } = await ask('/api/products?page=1');
    expect(body.products?.length > 0 && body.total >= 40, JSON.stringify(body));
  },
  'search finds coffee': async () => {
    const { body } = await ask('/api/products/search?q=coffee');
    expect(body.total > 0, JSON.stringify(body));
  },
  'a cart takes a product': async () => {
    const { status, body } = await ask('/api/cart', { product_id: 1, quantity: 2 });
    expect(status === 201 && body.total_cents === 2580, `status ${status}: ${JSON.stringify(body)}`);
    cart = body;
  },
  'checkout makes an order': async () => {
    const { status, body } = await ask('/api/checkout', { cart_id: cart?.id, email: 'smoke@shop.example' });
    expect(status === 201 && body.id && body.total_cents === cart.total_cents, `status ${status}: ${JSON.stringify(body)}`);
  },
};

async function main() {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}: ${error.cause?.message ?? error.message}`);
    }
  }
  console.log(`smoke: target=${target} checks=${Object.keys(checks).length} failed=${failed}`);
  // Not process.exit(): kept-alive connections of fetch are closed first, what was said is flushed.
  process.exitCode = failed ? 1 : 0;
}

main();
