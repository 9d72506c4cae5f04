#include "database/copy/schema.h"

#include <gtest/gtest.h>

namespace slipway::database::copy {
namespace {

constexpr const char* kBefore = R"(--
-- PostgreSQL database dump
--
\restrict abc
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA public;
CREATE TABLE public.users (id bigint NOT NULL, email text DEFAULT 'a;b');
CREATE TABLE public.events (id bigint, at date)
PARTITION BY RANGE (at);
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'prod');
CREATE USER MAPPING FOR app SERVER far OPTIONS (password 'secret');
\unrestrict abc
)";
constexpr const char* kAfter = R"(
SET statement_timeout = 0;
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_name UNIQUE (email) INCLUDE (id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id, at);
ALTER TABLE ONLY public."My Users"
    ADD CONSTRAINT "My Key" UNIQUE ("The Mail");
CREATE INDEX users_email ON public.users USING btree (lower(email));
CREATE UNIQUE INDEX u2 ON public.users USING btree (email);
CREATE INDEX events_at ON ONLY public.events USING btree (at);
ALTER INDEX public.events_at ATTACH PARTITION public.events_2025_at_idx;
CREATE TRIGGER t AFTER INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION public.f();
ALTER TABLE ONLY public.users
    ADD CONSTRAINT fk FOREIGN KEY (id) REFERENCES public.events(id);
)";

TEST(Schema, IsSortedByWhenEachStatementMayRun) {
  const auto schema = sort_schema(kBefore, kAfter);
  ASSERT_TRUE(schema) << schema.error().sentence();
  EXPECT_EQ(schema->settings.size(), 2U);
  ASSERT_EQ(schema->before.size(), 4U);
  EXPECT_TRUE(schema->before[2].starts_with("CREATE TABLE public.users"));
  ASSERT_EQ(schema->indexes.size(), 4U);
  EXPECT_EQ(schema->indexes[0].table, "public.users");
  EXPECT_EQ(schema->indexes[0].name, "public.users_pkey");
  EXPECT_EQ(schema->indexes[0].statement, "CREATE UNIQUE INDEX users_pkey ON public.users (id)");
  EXPECT_EQ(schema->indexes[1].table, "public.My Users");
  EXPECT_EQ(schema->indexes[1].name, "public.My Key");
  EXPECT_EQ(schema->indexes[1].statement,
            "CREATE UNIQUE INDEX \"My Key\" ON public.\"My Users\" (\"The Mail\")");
  EXPECT_EQ(schema->indexes[3].table, "public.users");
  ASSERT_EQ(schema->references.size(), 1U);
  ASSERT_EQ(schema->after.size(), 1U);
  EXPECT_TRUE(schema->after[0].starts_with("CREATE TRIGGER"));
}

TEST(Schema, KeysTakeOverTheirIndexesWhereTheServerCanDoIt) {
  const auto schema = sort_schema(kBefore, kAfter);
  ASSERT_TRUE(schema);
  ASSERT_EQ(schema->constraints.size(), 6U);
  EXPECT_EQ(schema->constraints[0],
            "ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY USING INDEX "
            "users_pkey");
  EXPECT_NE(schema->constraints[1].find("INCLUDE"), std::string::npos);
  EXPECT_NE(schema->constraints[2].find("PRIMARY KEY (id, at)"), std::string::npos);
}

TEST(Schema, LeavesOutWhatWouldConnectTheCopyToTheWorld) {
  const auto schema = sort_schema(kBefore, kAfter);
  ASSERT_TRUE(schema);
  EXPECT_EQ(schema->left_out, (std::vector<std::string>{"CREATE SERVER", "CREATE USER"}));
  for (const auto& statement : schema->before)
    EXPECT_EQ(statement.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace slipway::database::copy
