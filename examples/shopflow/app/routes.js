'use strict';
// The shop's API. `shop` carries what the routes need; see shop.js.
const { CartTokens, merge_items } = require('./cart_token');
const { home_page } = require('./home_page');

const PAGE_SIZE = 12;
const MOST_PER_PAGE = 50;

const refuse = (response, status, error) => response.status(status).json({ error });
// Stock moves all the time and words are for searching; a list shows neither.
const summary = ({ id, sku, name, category, price_cents }) => ({ id, sku, name, category, price_cents });

function whole_number(text, otherwise) {
  const number = Number(text ?? otherwise);
  return Number.isInteger(number) && number > 0 ? number : null;
}

function product_routes(app, shop) {
  const { store, cache } = shop;
  app.get('/api/products', (request, response) => {
    const page = whole_number(request.query.page, 1);
    const size = whole_number(request.query.per_page, PAGE_SIZE);
    if (!page || !size) return refuse(response, 400, 'page and per_page are whole numbers above 0');
    const per_page = Math.min(size, MOST_PER_PAGE);
    const wanted = store.products.slice((page - 1) * per_page, page * per_page);
    return response.json({
      page,
      per_page,
      total: store.products.length,
      pages: Math.ceil(store.products.length / per_page),
      products: wanted.map(summary),
    });
  });

  app.get('/api/products/search', (request, response) => {
    const query = String(request.query.q ?? '').trim().slice(0, 80);
    if (!query) return refuse(response, 400, 'q must say what to search for');
    const products = cache.get(query, () => shop.search(store.products, query).map(summary));
    return response.json({ query, total: products.length, products });
  });

  app.get('/api/products/:id', (request, response) => {
    const product = store.product(Number(request.params.id));
    if (!product) return refuse(response, 404, `there is no product ${request.params.id}`);
    const page = { ...summary(product), in_stock: product.stock > 0, stock: product.stock };
    if (shop.related) page.related = shop.related(store.products, product).map(summary);
    return response.json(page);
  });
}

function cart_routes(app, shop) {
  const carts = new CartTokens(shop.secret);
  const show = (response, status, items) => {
    const { problem, lines, total_cents } = shop.store.price(items);
    if (problem) return refuse(response, 422, problem);
    const id = carts.seal(items);
    response.cookie('cart', id, { httpOnly: true, sameSite: 'lax' });
    return response.status(status).json({ id, lines, total_cents });
  };
  const cookie_cart = (request) => /(?:^|;\s*)cart=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];

  // Adds to the cart named by cart_id or by the cookie; without one a new cart begins.
  app.post('/api/cart', (request, response) => {
    const before = carts.open(request.body.cart_id ?? cookie_cart(request)) ?? [];
    const added = request.body.items ?? [request.body];
    if (!Array.isArray(added) || added.length === 0) return refuse(response, 422, 'items is a list');
    const { problem, items } = merge_items(before, added);
    if (problem) return refuse(response, 422, problem);
    return show(response, 201, items);
  });

  app.get('/api/cart/:id', (request, response) => {
    const items = carts.open(request.params.id);
    if (!items) return refuse(response, 404, 'this cart does not exist');
    return show(response, 200, items);
  });
  return carts;
}

// A checkout names a cart (cart_id) or carries its items.
async function check_out(shop, carts, body) {
  const listed = body.cart_id ? carts.open(body.cart_id) : body.items;
  if (!Array.isArray(listed) || listed.length === 0) return { status: 422, error: 'the cart is empty or not known' };
  const merged = merge_items(listed);
  if (merged.problem) return { status: 422, error: merged.problem };
  const { problem, lines, total_cents } = shop.store.price(merged.items);
  if (problem) return { status: 422, error: problem };
  const short = shop.store.take_stock(lines);
  if (short) return { status: 409, error: `${short.name} is sold out` };
  try {
    const order = { id: shop.next_order_id(), version: shop.version, email: String(body.email ?? ''), lines, total_cents };
    await shop.order_log.append({ ...order, at: new Date().toISOString() });
    shop.store.add_order(order);
    shop.counters.orders += 1;
    shop.counters.order_cents += total_cents;
    return { status: 201, order };
  } catch (error) {
    shop.store.return_stock(lines);
    throw error;
  }
}

function order_routes(app, shop, carts) {
  app.post('/api/checkout', async (request, response, next) => {
    try {
      const { status, error, order } = await check_out(shop, carts, request.body);
      if (error) return refuse(response, status, error);
      return response.status(status).json(order);
    } catch (error) {
      return next(error);
    }
  });
}

function shop_routes(app, shop) {
  const page = home_page(shop);
  app.get('/', (request, response) => response.type('html').send(page));
  app.get('/metrics', (request, response) =>
    response.type('text/plain; version=0.0.4').send(shop.counters.text(shop.store, shop.cache)));
  product_routes(app, shop);
  order_routes(app, shop, cart_routes(app, shop));
}

module.exports = { shop_routes };
