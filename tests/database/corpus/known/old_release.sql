-- What the old release says to the database, as an ordinary role, while the migration is there.

-- statement: t.select
select id, a, b, n, num, ts, tz, e, u, status from t where id = 7;
-- statement: t.select_star
select * from t where id = 7;
-- statement: t.insert
insert into t(id, a, b, n, e, u, status) values (900001, 'a', 'b', 1, 'e900001', 'u900001', 'open');
-- statement: t.insert_defaults
insert into t(id, a, e, u) values (900002, 'a', 'e900002', 'u900002');
-- statement: t.insert_long
insert into t(id, a, b, e, u) values (900003, 'a', '12345678901234567890', 'e900003', 'u900003');
-- statement: t.insert_dup
insert into t(id, a, e, u) values (900004, 'a', 'e7', 'u900004');
-- statement: t.insert_neg
insert into t(id, a, n, e, u) values (900005, 'a', -1, 'e900005', 'u900005');
-- statement: t.update
update t set status = 'paid', n = 3 where id = 8;
-- statement: t.update_null
update t set status = null where id = 8;
-- statement: t.delete
delete from t where id = 9;
-- statement: r.select
select id, name from r where id = 7;
-- statement: r.insert
insert into r values (900001, 'r');
-- statement: c.insert_orphan
insert into c(id, t_id, r_id) values (900001, 800000, 7);
-- statement: p.insert
insert into p(id, d) values (900001, '2024-05-01');
-- statement: p2.insert
insert into p2(id, d) values (1, '2025-05-01');
-- statement: v.select
select id, a from v where id = 7;
-- statement: enum.literal
select 'ok'::mood;
