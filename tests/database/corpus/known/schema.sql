-- The schema of the known statements, 20,000 rows in t, r, c, p1 and p2.
create table t(id bigint primary key, a text, b varchar(20), n integer not null default 0,
               num numeric(10,2), ts timestamp, tz timestamptz default now(), j json,
               e text not null, u text, status text);
create table r(id bigint primary key, name text);
create table c(id bigint primary key, t_id bigint, r_id bigint);
create index t_a on t(a);
create index t_b on t(b);
create unique index t_u on t(u);
create type mood as enum ('ok', 'bad');
create domain posint as integer;
create table p(id bigint not null, d date not null) partition by range (d);
create table p1 partition of p for values from ('2024-01-01') to ('2025-01-01');
create table p2(id bigint not null, d date not null);
create view v as select id, a from t;
create function f() returns trigger language plpgsql as $$ begin return new; end $$;

insert into t select i, 'a' || i, 'b' || i, i, i / 100.0, '2024-01-01', now(), '{"k": 1}',
                     'e' || i, 'u' || i, 'open' from generate_series(1, 20000) i;
insert into r select i, 'r' || i from generate_series(1, 20000) i;
insert into c select i, i, i from generate_series(1, 20000) i;
insert into p select i, date '2024-01-01' + (i % 300)::int from generate_series(1, 20000) i;
insert into p2 select i, date '2025-01-01' + (i % 300)::int from generate_series(1, 20000) i;

alter table t add constraint chk_a check (a is not null) not valid;
alter table c add constraint fk_nv foreign key (r_id) references r(id) not valid;
create materialized view mv as select id from t;
create unique index on mv(id);
