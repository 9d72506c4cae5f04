'use strict';
const { serve } = require('../../app/serve.js');

serve({
  plans: [
    { name: 'Monthly', cents: 1900 },
    { name: 'Annual', cents: 19000 },
  ],
});
