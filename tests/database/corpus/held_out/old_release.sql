-- What the old release says to the database, as an ordinary role, while the migration is there.

-- statement: account.select
select id, email, name, country, age, points, phone, contact, motto, network, score, seen_at, created_at, profile from account where id = 7;
-- statement: account.insert
insert into account(id, email, name, country, age, points, phone, contact, score) values (900001, 'a@b.c', 'a name of thirty letters, yes!', 'at', 50, 40000, '+43 1234567890123456', 'x@y.z', 900000.25);
-- statement: account.insert_short
insert into account(id, email, points) values (900002, 'short@b.c', -5);
-- statement: account.insert_same_email
insert into account(id, email) values (900003, 'u7@shop.test') on conflict (email) do nothing;
-- statement: account.insert_same_phone
insert into account(id, email, phone) values (900004, 'p@b.c', '+497');
-- statement: account.insert_odd_contact
insert into account(id, email, contact) values (900005, 'q@b.c', 'odd@');
-- statement: account.update
update account set name = null, phone = null, profile = null where id = 8;
-- statement: orders.select
select o.id, o.state, o.reference, o.note, o.quantity, o.total, o.total_cents, o.placed_at, o.due, o.extra, a.email from orders o join account a on a.id = o.account_id where o.id = 7;
-- statement: orders.insert
insert into orders(account_id, reference, total) values (7, 'R900001', 12.5);
-- statement: orders.insert_with_id
insert into orders(id, account_id, state, reference, note, quantity, total, due, extra) values (900001, 7, 'paid', 'R900002', 'by hand', -1, 1, '2026-03-01', 'not json');
-- statement: orders.upsert
insert into orders(id, account_id, reference, total) values (900003, 7, 'R7', 1) on conflict (reference) do update set total = excluded.total;
-- statement: orders.update
update orders set state = 'sent', note = null where id = 8;
-- statement: order_line.insert_orphan
insert into order_line(id, order_id, sku, amount) values (900001, 800000, 'sku7', 0);
-- statement: order_line.select
select id, order_id, sku, amount from order_line where order_id = 7;
-- statement: orders.delete_line
delete from order_line where id = 9;
-- statement: audit.insert
insert into audit values (7, 'again');
-- statement: audit.select
select entry, said from audit where entry = 7;
-- statement: setting.select
select value from setting where name = 'key1';
-- statement: setting.insert
insert into setting(name, value) values ('key900', 'v');
-- statement: booking.insert
insert into booking(id, room, during) values (900001, 1, int8range(10, 12));
-- statement: document.insert
insert into document(id, body) values (900001, 'text');
-- statement: document.select
select id, body from document where id = 7;
-- statement: event.insert_2025
insert into event(id, at, kind) values (1, '2025-05-01', 'k');
-- statement: event.insert_2026
insert into event(id, at, kind) values (1, '2026-05-01', 'k');
-- statement: event_2027.insert
insert into event_2027(id, at, kind) values (1, '2027-05-01', null);
-- statement: metric.insert
insert into metric(region, value) values ('eu', 1), ('asia', 2);
-- statement: open_order.select
select id, account_id, state from open_order where id = 7;
-- statement: account_name.select
select id, name from account_name where id = 7;
-- statement: revenue.select
select account_id, total from revenue where account_id = 7;
-- statement: old_order.select
select id, note from archive.old_order where id = 7;
-- statement: normalise
select normalise(' A ');
-- statement: next_code
select next_code();
-- statement: invoice_number
select nextval('invoice_number');
-- statement: cast
select 'paid'::order_state;
