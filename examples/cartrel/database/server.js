'use strict';
// Cartrel's shops, kept in PostgreSQL: `node server.js VERSION`; the database is $DATABASE_URL. Every
// request writes and reads in the shape its version knows, so that one that does not fit the schema fails loudly.
const http = require('node:http');
const { Pool } = require('pg');

const version = process.argv[2];
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
pool.on('error', () => {}); // an idle connection that broke; the next query makes a new one

// The access token of a shop moves to a table of its own.
const shapes = {
  v1: [
    `insert into "Shop" (email, "accessToken") values ($1, $2) returning id`,
    `select "accessToken" as token from "Shop" where id = $1`,
  ],
  v2: [
    `with shop as (insert into "Shop" (email, "accessToken") values ($1, $2) returning id)
     insert into "Credential" ("shopId", token) select id, $2 from shop returning "shopId" as id`,
    `select coalesce(c.token, s."accessToken") as token from "Shop" s
       left join "Credential" c on c."shopId" = s.id where s.id = $1`,
  ],
  v3: [
    `with shop as (insert into "Shop" (email) values ($1) returning id)
     insert into "Credential" ("shopId", token) select id, $2 from shop returning "shopId" as id`,
    `select token from "Credential" where "shopId" = $1`,
  ],
};
const [write, read] = shapes[version] || shapes.v3;

async function serve() {
  const token = `token-${process.pid}`;
  const made = await pool.query(write, [`owner-${process.pid}@cartrel.example`, token]);
  const seen = await pool.query(read, [made.rows[0].id]);
  if (seen.rows[0].token !== token) throw new Error(`read ${seen.rows[0].token}`);
  return { shop: made.rows[0].id };
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
