"""The shop whose database is copied: users with everything that is personal, orders that repeat their e-mail."""

TABLES = """
create table users (
  id bigint primary key, email text not null, first_name text not null, last_name text not null, phone varchar(24),
  password_hash text not null, token text not null, profile jsonb not null, plan text not null,
  created_at timestamptz not null, updated_at timestamptz not null);
create table orders (
  id bigint primary key, user_id bigint not null, contact_email text not null, status text not null,
  total_cents integer not null, created_at timestamptz not null);
"""
INDEXES = """
create unique index users_email on users (email);
create index users_created on users (created_at);
create index users_last_name on users (last_name, first_name);
create index orders_user on orders (user_id);
create index orders_email on orders (contact_email);
create index orders_created on orders (created_at);
alter table orders add foreign key (user_id) references users;
"""


def rows(users):
    email = "'person.' || {0} || '@' || (array['gmail.com','example.org','corp.example'])[{0} % 3 + 1]"
    return f"""
insert into users select i, {email.format('i')}, 'First' || i % 5000, 'Last' || i % 20000,
  '+49 1' || 10 + i % 80 || ' ' || lpad((i * 7 % 10000000)::text, 7, '0'),
  '$2b$10$' || md5(i::text) || substr(md5('s' || i), 1, 21), md5('token' || i),
  jsonb_build_object('phone', '+49 1' || 10 + i % 80 || ' ' || lpad((i * 7 % 10000000)::text, 7, '0'),
    'address', i % 900 || ' Real Street, Town ' || i % 3000, 'newsletter', i % 2 = 0, 'theme', 'dark', 'visits', i % 97),
  (array['free','pro','team'])[i % 3 + 1], now() - i * interval '1 second', now()
from generate_series(1, {users}) i;
insert into orders select i, i % {users} + 1, {email.format(f'(i % {users} + 1)')},
  (array['paid','open','sent'])[i % 3 + 1], i % 100000, now() - i * interval '1 second'
from generate_series(1, {users * 2 // 3}) i;
vacuum freeze analyze;
"""


RULES = """
tables:
  users:
    email: email
    first_name: {kind: name, part: first}
    last_name: {kind: name, part: last}
    phone: phone
    password_hash: password_hash
    token: token
    profile: {kind: json, paths: {phone: phone, address: address}, rest: keep}
    plan: keep
  orders:
    contact_email: email
    status: keep
"""

# What a script after pg_dump does by hand: every real value is in the copy until the last of these has run.
UPDATES = [
    """update users set email = 'user' || id || '@mail.test', first_name = 'First', last_name = 'Last',
  phone = '+999' || id, password_hash = '$2b$10$staging', token = md5(random()::text),
  profile = jsonb_set(jsonb_set(profile, '{phone}', to_jsonb('+999' || id)), '{address}', '"1 Street"')""",
    "update orders set contact_email = 'user' || user_id || '@mail.test'",
]
