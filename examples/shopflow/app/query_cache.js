'use strict';
// The last search answers, least recently used out first. Stock is not part of an answer, so
// nothing here ever has to be thrown away early.
const MOST_ENTRIES = 200;

class QueryCache {
  constructor() {
    this.entries = new Map();
    this.hits = 0;
    this.misses = 0;
  }

  get(key, make) {
    const found = this.entries.get(key);
    if (found !== undefined) {
      this.hits += 1;
      this.entries.delete(key);
      this.entries.set(key, found);
      return found;
    }
    this.misses += 1;
    const made = make();
    this.entries.set(key, made);
    if (this.entries.size > MOST_ENTRIES) this.entries.delete(this.entries.keys().next().value);
    return made;
  }
}

module.exports = { QueryCache };
