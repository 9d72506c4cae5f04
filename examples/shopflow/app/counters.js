'use strict';
// What /metrics shows, in the Prometheus text format.
class Counters {
  constructor(version) {
    this.version = version;
    this.requests = new Map();
    this.errors = 0;
    this.orders = 0;
    this.order_cents = 0;
    this.in_flight = 0;
    this.started = process.hrtime.bigint();
  }

  uptime_s() {
    return Number((process.hrtime.bigint() - this.started) / 1000000n) / 1000;
  }

  count(route, status) {
    const key = `route="${route}",status="${status}"`;
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1);
    if (status >= 500) this.errors += 1;
  }

  text(store, cache) {
    const lines = ['# HELP shop_requests_total Requests answered.', '# TYPE shop_requests_total counter'];
    for (const [labels, count] of this.requests) lines.push(`shop_requests_total{${labels}} ${count}`);
    const one = (name, type, help, value) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`);
    one('shop_errors_total', 'counter', 'Answers with a status of 500 or above.', this.errors);
    one('shop_orders_total', 'counter', 'Orders taken.', this.orders);
    one('shop_order_cents_total', 'counter', 'Value of the orders taken, in cents.', this.order_cents);
    one('shop_cache_hits_total', 'counter', 'Searches answered from the cache.', cache.hits);
    one('shop_cache_misses_total', 'counter', 'Searches that had to be made.', cache.misses);
    one('shop_in_flight', 'gauge', 'Requests being answered now.', this.in_flight);
    one('shop_products', 'gauge', 'Products in the catalogue.', store.products.length);
    one('shop_uptime_seconds', 'gauge', 'Seconds since start.', this.uptime_s());
    lines.push('# HELP shop_build The running version.', '# TYPE shop_build gauge');
    lines.push(`shop_build{version="${this.version}"} 1`);
    return `${lines.join('\n')}\n`;
  }
}

module.exports = { Counters };
