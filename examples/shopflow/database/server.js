'use strict';
// ShopFlow's orders, kept in PostgreSQL: `node server.js VERSION`; the database is $DATABASE_URL. Every
// request writes and reads in the shape its version knows, so that one that does not fit the schema fails loudly.
const http = require('node:http');
const { Pool } = require('pg');

const version = process.argv[2];
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
pool.on('error', () => {}); // an idle connection that broke; the next query makes a new one

const shapes = {
  v1: {
    write: 'insert into orders (email, total) values ($1, 12.50) returning id',
    read: 'select (total * 100)::bigint as cents from orders where id = $1',
  },
  v2: {
    write: 'insert into orders (email, total, total_cents) values ($1, 12.50, 1250) returning id',
    read: 'select coalesce(total_cents, (total * 100)::bigint) as cents from orders where id = $1',
  },
  v3: {
    write: 'insert into orders (email, total_cents) values ($1, 1250) returning id',
    read: 'select total_cents as cents from orders where id = $1',
  },
};
const shape = shapes[version] || shapes.v3;

async function serve() {
  const made = await pool.query(shape.write, [`guest-${process.pid}@shopflow.example`]);
  const seen = await pool.query(shape.read, [made.rows[0].id]);
  if (Number(seen.rows[0].cents) !== 1250) throw new Error(`read ${seen.rows[0].cents} cents`);
  return { order: made.rows[0].id };
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
