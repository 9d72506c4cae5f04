'use strict';
// The shop's "database": products and the last orders in the memory of this process. Every instance
// has its own; that is enough for an example, and the health document says so (kind: in-memory).
const { seed_products } = require('./catalogue');

const REORDER_LEVEL = 20;
const REORDER_LOT = 250;
const ORDERS_KEPT = 1000;

class MemoryStore {
  constructor() {
    this.products = seed_products();
    this.by_id = new Map(this.products.map((product) => [product.id, product]));
    this.orders = new Map();
    this.order_count = 0;
  }

  product(id) {
    return this.by_id.get(id);
  }

  // One product is really read, so that the health check answers for something.
  ping() {
    return this.by_id.get(1) !== undefined;
  }

  // [{product_id, quantity}] -> lines with prices and a total, or what is wrong with it.
  price(items) {
    const lines = [];
    let total_cents = 0;
    for (const { product_id, quantity } of items) {
      const product = this.by_id.get(product_id);
      if (!product) return { problem: `there is no product ${product_id}` };
      const line_cents = product.price_cents * quantity;
      lines.push({ product_id, name: product.name, quantity, price_cents: product.price_cents, line_cents });
      total_cents += line_cents;
    }
    return { lines, total_cents };
  }

  // Takes the lines out of stock, all or nothing. Returns the first line that is short, or null.
  take_stock(lines) {
    const short = lines.find((line) => this.by_id.get(line.product_id).stock < line.quantity);
    if (short) return short;
    for (const line of lines) {
      const product = this.by_id.get(line.product_id);
      product.stock -= line.quantity;
      // The warehouse sends the next lot at once, or a long load test would sell the shop empty.
      if (product.stock <= REORDER_LEVEL) product.stock += REORDER_LOT;
    }
    return null;
  }

  return_stock(lines) {
    for (const line of lines) this.by_id.get(line.product_id).stock += line.quantity;
  }

  add_order(order) {
    this.orders.set(order.id, order);
    this.order_count += 1;
    if (this.orders.size > ORDERS_KEPT) this.orders.delete(this.orders.keys().next().value);
  }
}

module.exports = { MemoryStore };
