'use strict';
const { serve } = require('../../app/serve.js');

// New: a plan for agencies.
serve({
  plans: [
    { name: 'Monthly', cents: 1900 },
    { name: 'Annual', cents: 19000 },
    { name: 'Agency', cents: 49000 },
  ],
});
