// What needs no socket of TLS: which certificate for which name, the ticket keys, challenges.
#include "edge/tls_terms.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "edge/acme.h"
#include "edge/certificates.h"
#include "io/files.h"

namespace slipway::edge {
namespace {

class Counting : public Random {
 public:
  std::uint64_t next() override { return value_ += 0x9e3779b97f4a7c15; }

 private:
  std::uint64_t value_ = 0;
};

std::shared_ptr<const Certificate> certificate(std::vector<std::string> names) {
  auto made = std::make_shared<Certificate>();
  made->names = std::move(names);
  return made;
}

class Choice : public testing::Test {
 protected:
  std::string chosen(const std::string& name) const {
    const TlsTerms terms(services_, TicketKeys(random_, 0), true);
    const Certificate* found = terms.choose(name);
    return found == nullptr ? "" : found->names.front();
  }
  void serve(std::vector<std::string> hosts, std::vector<std::vector<std::string>> certificates) {
    Presented& service = services_.emplace_back();
    service.hosts = std::move(hosts);
    for (auto& names : certificates) service.certificates.push_back(certificate(std::move(names)));
  }
  std::vector<Presented> services_;
  mutable Counting random_;
};

TEST_F(Choice, TheExactHostComesBeforeTheWildcardAndThatBeforeEveryHost) {
  serve({}, {{"any"}});
  serve({"*.example.com"}, {{"wild"}});
  serve({"*.deep.example.com"}, {{"deep"}});
  serve({"app.example.com"}, {{"exact"}});
  EXPECT_EQ(chosen("app.example.com"), "exact");
  EXPECT_EQ(chosen("APP.example.com."), "exact");
  EXPECT_EQ(chosen("b.example.com"), "wild");
  EXPECT_EQ(chosen("x.y.example.com"), "wild");
  EXPECT_EQ(chosen("x.deep.example.com"), "deep");
  EXPECT_EQ(chosen("example.com"), "any");
  EXPECT_EQ(chosen(""), "any");
}

TEST_F(Choice, AmongSeveralTheOneThatCoversTheNameAndElseTheFirst) {
  serve({"a.test", "b.test", "x.w.test", "c.test"}, {{"a.test"}, {"b.test", "z"}, {"*.w.test"}});
  EXPECT_EQ(chosen("a.test"), "a.test");
  EXPECT_EQ(chosen("b.test"), "b.test");
  EXPECT_EQ(chosen("x.w.test"), "*.w.test");
  EXPECT_EQ(chosen("c.test"), "a.test");
}

TEST_F(Choice, NobodyHasTheName) {
  EXPECT_EQ(chosen("a.test"), "");
  EXPECT_EQ(chosen(""), "");
  serve({"a.test"}, {{"a.test"}});
  EXPECT_EQ(chosen("b.test"), "");
  EXPECT_EQ(chosen(""), "a.test") << "the only one there is";
  serve({"b.test"}, {{"b.test"}});
  EXPECT_EQ(chosen(""), "");
  EXPECT_EQ(chosen(std::string(300, 'a')), "");
}

TEST(CertificateNames, AWildcardStandsForOneLabel) {
  const auto wild = certificate({"*.example.com"});
  EXPECT_TRUE(wild->covers("a.example.com"));
  EXPECT_FALSE(wild->covers("a.b.example.com"));
  EXPECT_FALSE(wild->covers("example.com"));
  EXPECT_FALSE(wild->covers(".example.com"));
}

TEST(TicketKeys, RotateAndOpenForTwoTurnsMore) {
  Counting random;
  TicketKeys keys(random, 1'000);
  const TicketKey first = keys.current();
  const std::int64_t turn = TicketKeys::kTurn.count();
  EXPECT_FALSE(keys.due(1'000 + turn - 1));
  EXPECT_TRUE(keys.due(1'000 + turn));
  EXPECT_TRUE(keys.due(1'000 - turn - 1)) << "the clock was set back";
  for (int i = 0; i < 2; ++i) {
    keys.rotate(random, 1'000 + turn * (i + 1));
    EXPECT_NE(keys.current(), first);
    ASSERT_NE(keys.find(first.name), nullptr);
    EXPECT_EQ(*keys.find(first.name), first);
  }
  keys.rotate(random, 1'000 + turn * 3);
  EXPECT_EQ(keys.find(first.name), nullptr);
}

TEST(TicketKeys, PassToASuccessorWhole) {
  Counting random;
  TicketKeys keys(random, 5);
  keys.rotate(random, 6);
  const auto read = TicketKeys::from_json(Json::parse(keys.to_json().dump()).value());
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, keys);
  for (const char* wrong : {"[]", "{}", "[{}]", R"([{"name":"00","cipher":"","mac":""}])"})
    EXPECT_FALSE(TicketKeys::from_json(Json::parse(wrong).value())) << wrong;
}

TEST(Challenge, OnlyFilesWithTheNameOfATokenAreFound) {
  const std::string root = io::make_temp_dir("acme-test-").value();
  const std::string folder = root + "/.well-known/acme-challenge";
  ASSERT_TRUE(io::make_dirs(folder + "/sub"));
  std::ofstream(folder + "/Tok-en_1") << "answer";
  std::ofstream(folder + "/a.b") << "dot";
  std::ofstream(root + "/secret") << "secret";
  ASSERT_EQ(::symlink((root + "/secret").c_str(), (folder + "/link").c_str()), 0);
  std::string content;
  const auto finds = [&](const std::string& path) { return find_challenge(root, path, content); };
  EXPECT_TRUE(finds("/.well-known/acme-challenge/Tok-en_1"));
  EXPECT_EQ(content, "answer");
  for (const char* name : {"", "a.b", "../../secret", "sub", "link", "none", "Tok-en_1/", "%54ok"})
    EXPECT_FALSE(finds(std::string("/.well-known/acme-challenge/") + name)) << name;
  EXPECT_FALSE(finds("/secret"));
  EXPECT_FALSE(find_challenge("", "/.well-known/acme-challenge/Tok-en_1", content));
  ASSERT_TRUE(io::remove_tree(root, "/tmp"));
}

TEST(Certificates, APairThatCannotBeReadStopsOnlyWhoWritesIt) {
  int published = 0;
  CertificateSettings settings;
  settings.publish = [&](const std::shared_ptr<const TlsTerms>&) { ++published; };
  Certificates certificates(std::move(settings));
  Table table;
  Service& service = table.services.emplace_back();
  service.name = "web";
  service.tls.certificate = "/nowhere/c.pem";
  service.tls.key = "/nowhere/k.pem";
  const auto strict = certificates.prepare(table, table.services);
  ASSERT_FALSE(strict);
  EXPECT_NE(strict.error().what.find("/nowhere/c.pem"), std::string::npos);
  auto lenient = certificates.prepare(table, {});
  ASSERT_TRUE(lenient);
  certificates.keep(table, std::move(lenient).value());
  EXPECT_EQ(published, 1);
  EXPECT_NE(certificates.entries().begin()->second.problem, "");
  EXPECT_EQ(certificates.reload().problems.size(), 1U);
  EXPECT_EQ(published, 1) << "nothing has changed";
  EXPECT_NE(to_json(certificates.entries(), 0).dump().find("/nowhere/k.pem"), std::string::npos);
}

}  // namespace
}  // namespace slipway::edge
