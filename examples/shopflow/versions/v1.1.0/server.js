'use strict';
const { main } = require('../../app/serve');
const { ranked_search, related_to } = require('../../app/search');
const { version, features } = require('./version.json');

main({ version, features, search: ranked_search, related: related_to });
