'use strict';
// Orders leave the web service as lines of $SHOPFLOW_STATE/orders.jsonl, where the worker reads them.
// Instances share the file: lines are appended whole (O_APPEND). Orders that arrive while a write is
// under way go together into the next one. Without a state folder orders stay in memory only.
const fs = require('node:fs');
const path = require('node:path');

class OrderLog {
  constructor(folder) {
    this.waiting = [];
    this.writing = false;
    this.fd = null;
    if (folder) {
      fs.mkdirSync(folder, { recursive: true });
      this.fd = fs.openSync(path.join(folder, 'orders.jsonl'), 'a');
    }
  }

  // Resolves when the order has been handed to the file.
  append(order) {
    if (this.fd === null) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiting.push({ line: `${JSON.stringify(order)}\n`, resolve, reject });
      if (!this.writing) this.write_waiting();
    });
  }

  write_waiting() {
    const batch = this.waiting;
    this.waiting = [];
    this.writing = true;
    fs.write(this.fd, batch.map((entry) => entry.line).join(''), (error) => {
      for (const entry of batch) error ? entry.reject(error) : entry.resolve();
      this.writing = false;
      if (this.waiting.length > 0) this.write_waiting();
    });
  }
}

module.exports = { OrderLog };
