'use strict';
// An app with a database: `node database_app.js VERSION`. Every request writes a row and reads it back, in the
// shape its version knows: v1 has orders.name, v2 writes name and title, v3 and later know title alone.
const http = require('http');
const { Pool } = require('pg');

const version = process.argv[2];
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
pool.on('error', () => {});  // an idle connection that broke; the next query makes a new one

const shapes = {
  v1: ['insert into orders (name) values ($1) returning id', 'select name as title from orders where id = $1'],
  v2: ['insert into orders (name, title) values ($1, $1) returning id',
       'select coalesce(title, name) as title from orders where id = $1'],
};
const [write, read] = shapes[version] || ['insert into orders (title) values ($1) returning id',
                                          'select title from orders where id = $1'];

async function answer(request, response) {
  if (request.url === '/health') return response.end('ok');
  try {
    const title = `order of ${version}`;
    const made = await pool.query(write, [title]);
    const seen = await pool.query(read, [made.rows[0].id]);
    if (seen.rows[0].title !== title) throw new Error(`read ${seen.rows[0].title}`);
    response.end(version);
  } catch (error) {
    console.error(`app ${version}: ${error.message}`);
    response.statusCode = 500;
    response.end(error.message);
  }
}

const server = http.createServer(answer);
server.keepAliveTimeout = 60000;
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
