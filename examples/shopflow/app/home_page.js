'use strict';
const cents = (amount) => `${(amount / 100).toFixed(2)} €`;
const escape_html = (text) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

// The page changes only with the version, so it is made once.
function home_page(shop) {
  const cards = shop.store.products.slice(0, 12).map((product) => `
    <li><b>${escape_html(product.name)}</b><br>${escape_html(product.category)} · ${cents(product.price_cents)}</li>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>ShopFlow</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
ul{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1rem;list-style:none;padding:0}
li{border:1px solid #ddd;border-radius:.5rem;padding:1rem}footer{color:#777}</style></head>
<body><h1>ShopFlow</h1><p>Good things for kitchen, home and garden.</p>
<ul>${cards.join('')}
</ul><footer>ShopFlow ${escape_html(shop.version)} · ${shop.features.map(escape_html).join(', ')}</footer></body></html>
`;
}

module.exports = { home_page };
