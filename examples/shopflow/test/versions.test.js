'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { mock, test } = require('node:test');
const { OrderNumbers, FIRST_BLOCK, RESERVE_PAUSE_MS } = require('../versions/v1.2.0/order_numbers');
const { OrderMailer } = require('../worker');

// Orders every gap_ms for a minute and more; returns the share that failed.
function failed_share(gap_ms, orders) {
  mock.timers.enable({ apis: ['setTimeout'] });
  const numbers = new OrderNumbers('t');
  const seen = new Set();
  let failed = 0;
  for (let i = 0; i < orders; i += 1) {
    try {
      seen.add(numbers.next());
    } catch {
      failed += 1;
    }
    mock.timers.tick(gap_ms);
  }
  mock.timers.reset();
  assert.equal(seen.size, orders - failed, 'a number was given twice');
  return failed / orders;
}

test('v1.2.0 loses about 6 % of the checkouts when they come steadily', () => {
  for (const per_second of [2, 10, 100]) {
    const share = failed_share(1000 / per_second, 3400);
    assert.ok(share > 0.055 && share < 0.065, `${per_second}/s: ${share}`);
  }
});

test('v1.2.0 loses none when a customer comes now and then', () => {
  assert.equal(failed_share(RESERVE_PAUSE_MS + 100, 340), 0);
});

test('v1.2.0 passes the few orders of a smoke check', () => {
  const numbers = new OrderNumbers('t');
  const given = Array.from({ length: FIRST_BLOCK }, () => numbers.next());
  assert.deepEqual([given[0], given.at(-1)], ['t-1', `t-${FIRST_BLOCK}`]);
  assert.throws(() => numbers.next(), /used up/);
});

test('every version names itself', () => {
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    assert.equal(require(`../versions/v${version}/version.json`).version, version);
  }
});

test('the worker mails every order once, also after a change of worker', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shopflow-'));
  const order = (id) => `${JSON.stringify({ id, email: 'a@b.example', total_cents: 100 })}\n`;
  const log = path.join(folder, 'orders.jsonl');
  const first = new OrderMailer(folder);
  assert.equal(first.tick(), 0);
  fs.writeFileSync(log, order('one') + order('two') + '{"id":"half');
  assert.equal(first.tick(), 2);
  const second = new OrderMailer(folder);
  fs.appendFileSync(log, 'way","email":"","total_cents":5}\n');
  assert.equal(second.tick(), 0, 'the first worker still holds the lock');
  first.stop();
  assert.equal(second.tick(), 1);
  assert.equal(second.state.mailed, 3);
  assert.equal(second.state.total_cents, 205);
  assert.equal(fs.readFileSync(path.join(folder, 'outbox.jsonl'), 'utf8').trim().split('\n').length, 3);
  second.stop();
  fs.rmSync(folder, { recursive: true });
});

test('a lock whose owner is gone is taken over', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shopflow-'));
  fs.writeFileSync(path.join(folder, 'mailer.lock'), '999999999');
  const mailer = new OrderMailer(folder);
  mailer.tick();
  mailer.tick();
  assert.equal(fs.readFileSync(path.join(folder, 'mailer.lock'), 'utf8'), String(process.pid));
  mailer.stop();
  fs.rmSync(folder, { recursive: true });
});
