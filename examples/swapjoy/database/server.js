'use strict';
// SwapJoy's offers, kept in PostgreSQL: `node server.js VERSION`; the database is $DATABASE_URL. Every
// request writes and reads in the shape its version knows, so that one that does not fit the schema fails loudly.
const http = require('node:http');
const { Pool } = require('pg');

const version = process.argv[2];
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
pool.on('error', () => {}); // an idle connection that broke; the next query makes a new one

// "location" was one text; it becomes a town and a country.
const shapes = {
  v1: ['insert into offers (owner_email, location) values ($1, $2) returning id', `select split_part(location, ', ', 1) as town from offers where id = $1`],
  v2: [
    `insert into offers (owner_email, location, town, country)
     values ($1, $2, split_part($2, ', ', 1), split_part($2, ', ', 2)) returning id`,
    `select coalesce(town, split_part(location, ', ', 1)) as town from offers where id = $1`,
  ],
  v3: [
    `insert into offers (owner_email, town, country)
     values ($1, split_part($2, ', ', 1), split_part($2, ', ', 2)) returning id`,
    'select town from offers where id = $1',
  ],
};
const [write, read] = shapes[version] || shapes.v3;

async function serve() {
  const made = await pool.query(write, [`swapper-${process.pid}@swapjoy.example`, 'Graz, AT']);
  const seen = await pool.query(read, [made.rows[0].id]);
  if (seen.rows[0].town !== 'Graz') throw new Error(`read ${seen.rows[0].town}`);
  return { offer: made.rows[0].id };
}

const server = http.createServer((request, response) => {
  if (request.url === '/health') return response.end('ok');
  return serve()
    .then((body) => response.end(JSON.stringify({ version, ...body })))
    .catch((error) => {
      console.error(error.message);
      response.writeHead(500);
      response.end(error.message);
    });
});
server.keepAliveTimeout = 60000;
server.listen(Number(process.env.PORT || 3000), '127.0.0.1');
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
