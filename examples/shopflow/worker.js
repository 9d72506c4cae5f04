'use strict';
// The second service: reads the orders the shop has written, "mails" a confirmation for each (a line
// in outbox.jsonl) and keeps the day's totals. It has no port. Where it got to is in mailer.json, so
// that a new worker goes on there; a lock file lets one worker mail at a time, the others stand by.
const fs = require('node:fs');
const path = require('node:path');

const TICK_MS = Number(process.env.WORKER_TICK_MS ?? 500);
const MOST_BYTES = 1024 * 1024;

class OrderMailer {
  constructor(folder) {
    this.orders = path.join(folder, 'orders.jsonl');
    this.outbox = path.join(folder, 'outbox.jsonl');
    this.state_file = path.join(folder, 'mailer.json');
    this.lock_file = path.join(folder, 'mailer.lock');
    this.locked = false;
    fs.mkdirSync(folder, { recursive: true });
  }

  // The lock belongs to the process named in it; when that one is gone the lock is free.
  try_lock() {
    if (this.locked) return true;
    try {
      fs.writeFileSync(this.lock_file, String(process.pid), { flag: 'wx' });
      this.locked = true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!this.owner_lives()) fs.rmSync(this.lock_file, { force: true });
    }
    if (this.locked) this.state = this.read_state();
    return this.locked;
  }

  owner_lives() {
    try {
      process.kill(Number(fs.readFileSync(this.lock_file, 'utf8')) || -1, 0);
      return true;
    } catch (error) {
      return error.code === 'EPERM';
    }
  }

  read_state() {
    try {
      return JSON.parse(fs.readFileSync(this.state_file, 'utf8'));
    } catch {
      return { offset: 0, mailed: 0, total_cents: 0 };
    }
  }

  // The whole lines that are new in orders.jsonl; a line still being written waits for the next tick.
  new_lines() {
    let fd;
    try {
      fd = fs.openSync(this.orders, 'r');
    } catch (error) {
      if (error.code === 'ENOENT') return '';
      throw error;
    }
    try {
      const bytes = Buffer.alloc(MOST_BYTES);
      const length = fs.readSync(fd, bytes, 0, MOST_BYTES, this.state.offset);
      return bytes.subarray(0, bytes.subarray(0, length).lastIndexOf(10) + 1);
    } finally {
      fs.closeSync(fd);
    }
  }

  // Mails what is new. Returns how many orders that were.
  tick() {
    if (!this.try_lock()) return 0;
    const lines = this.new_lines();
    if (lines.length === 0) return 0;
    const orders = lines.toString().trimEnd().split('\n').map((line) => JSON.parse(line));
    const mails = orders.map((order) => JSON.stringify({ to: order.email, order: order.id, total_cents: order.total_cents }));
    fs.appendFileSync(this.outbox, `${mails.join('\n')}\n`);
    this.state.offset += lines.length;
    this.state.mailed += orders.length;
    this.state.total_cents += orders.reduce((sum, order) => sum + order.total_cents, 0);
    fs.writeFileSync(`${this.state_file}.new`, JSON.stringify(this.state));
    fs.renameSync(`${this.state_file}.new`, this.state_file);
    return orders.length;
  }

  stop() {
    if (this.locked) fs.rmSync(this.lock_file, { force: true });
    this.locked = false;
  }
}

const say = (event, more = {}) => console.log(JSON.stringify({ level: 'info', service: 'worker', event, ...more }));

function main() {
  const folder = process.env.SHOPFLOW_STATE;
  const mailer = folder ? new OrderMailer(folder) : null;
  say('started', { folder: folder ?? null });
  const timer = setInterval(() => {
    try {
      const mailed = mailer ? mailer.tick() : 0;
      if (mailed > 0) say('mailed', { orders: mailed, ...mailer.state });
    } catch (error) {
      console.error(JSON.stringify({ level: 'error', service: 'worker', error: error.message }));
    }
  }, TICK_MS);
  // A tick is never interrupted: signals arrive between two of them.
  const stop = () => {
    clearInterval(timer);
    mailer?.stop();
    say('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

if (require.main === module) main();
module.exports = { OrderMailer };
