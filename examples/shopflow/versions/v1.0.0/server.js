'use strict';
const { main } = require('../../app/serve');
const { plain_search } = require('../../app/search');
const { version, features } = require('./version.json');

main({ version, features, search: plain_search });
