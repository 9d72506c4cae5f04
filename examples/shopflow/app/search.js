'use strict';
// Two ways to search the catalogue. v1.0.0 has the plain one; v1.1.0 brought the ranked one.

function plain_search(products, query) {
  const wanted = query.toLowerCase();
  return products.filter((p) => p.name.toLowerCase().includes(wanted) || p.words.includes(wanted));
}

function score(product, words) {
  const name = product.name.toLowerCase();
  let sum = 0;
  for (const word of words) {
    if (name.startsWith(word)) sum += 4;
    else if (name.includes(word)) sum += 3;
    if (product.words.includes(word)) sum += 2;
    if (product.category === word) sum += 1;
  }
  return sum;
}

// Every word counts, the best match comes first.
function ranked_search(products, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return products
    .map((product) => ({ product, points: score(product, words) }))
    .filter((match) => match.points > 0)
    .sort((a, b) => b.points - a.points || a.product.id - b.product.id)
    .map((match) => match.product);
}

// Products that share words with this one, the closest first.
function related_to(products, product) {
  return products
    .filter((other) => other.id !== product.id)
    .map((other) => ({ other, shared: other.words.filter((word) => product.words.includes(word)).length }))
    .filter((match) => match.shared > 0)
    .sort((a, b) => b.shared - a.shared || a.other.id - b.other.id)
    .slice(0, 4)
    .map((match) => match.other);
}

module.exports = { plain_search, ranked_search, related_to };
