'use strict';
// A cart lives in its own id: the lines, signed. Any instance of any version can open a cart that
// another one made, so the shop needs no sticky sessions and loses no cart when a release switches.
const crypto = require('node:crypto');

const MOST_LINES = 20;
const MOST_OF_ONE = 10;

class CartTokens {
  constructor(secret) {
    this.secret = secret;
  }

  sign(body) {
    return crypto.createHmac('sha256', this.secret).update(body).digest('base64url').slice(0, 22);
  }

  seal(items) {
    const body = Buffer.from(items.map((i) => `${i.product_id}x${i.quantity}`).join(',')).toString('base64url');
    return `${body}.${this.sign(body)}`;
  }

  // The items, or null when the id was not made by a shop with this secret.
  open(id) {
    if (typeof id !== 'string' || id.length > 512) return null;
    const [body, signature] = id.split('.');
    const expected = Buffer.from(this.sign(body));
    const given = Buffer.from(signature ?? '');
    if (given.length !== expected.length || !crypto.timingSafeEqual(given, expected)) return null;
    return Buffer.from(body, 'base64url').toString().split(',').filter(Boolean).map((line) => {
      const [product_id, quantity] = line.split('x').map(Number);
      return { product_id, quantity };
    });
  }
}

// Adds up equal products. Returns {items} or {problem}.
function merge_items(...lists) {
  const quantities = new Map();
  for (const { product_id, quantity } of lists.flat()) {
    if (!Number.isInteger(product_id) || !Number.isInteger(quantity) || quantity < 1) {
      return { problem: 'an item needs a product_id and a quantity of at least 1' };
    }
    quantities.set(product_id, Math.min(MOST_OF_ONE, (quantities.get(product_id) ?? 0) + quantity));
  }
  if (quantities.size > MOST_LINES) return { problem: `a cart holds at most ${MOST_LINES} products` };
  return { items: [...quantities].map(([product_id, quantity]) => ({ product_id, quantity })) };
}

module.exports = { CartTokens, merge_items };
