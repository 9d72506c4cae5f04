'use strict';
const { main } = require('../../app/serve');
const { ranked_search, related_to } = require('../../app/search');
const { OrderNumbers } = require('./order_numbers');
const { version, features } = require('./version.json');

const numbers = new OrderNumbers();
main({ version, features, search: ranked_search, related: related_to, next_order_id: () => numbers.next() });
