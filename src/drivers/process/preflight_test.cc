// What is known before anything starts: artifacts and findings.
#include <sys/stat.h>

#include "drivers/process/rig_for_test.h"

namespace slipway::drivers::process {
namespace {

class BeforeTest : public ProcessTest {
 protected:
  plan::Plan plan_with(const config::Service& service) const {
    plan::Plan plan;
    plan.app = "shop";
    plan.version = "v1";
    plan.settings.services = {service};
    return plan;
  }
  config::Service service(const std::string& run) const {
    config::Service out;
    out.name = "web";
    out.run = run;
    out.dir = folder_;
    return out;
  }
  std::string only_finding(const config::Service& wanted) {
    const auto findings = driver_.preflight(plan_with(wanted));
    EXPECT_EQ(findings.size(), 1U);
    return findings.empty() ? "" : findings[0].why.what;
  }
  // A version in a folder of its own.
  ports::WorkloadSpec version(const std::string& name) const {
    auto spec = running("node server.js");
    spec.version = name;
    spec.dir = at("versions/" + name);
    return spec;
  }
  std::string digest(const std::string& name) {
    return ProcessArtifacts().resolve(version(name)).value_or("failed");
  }
  void put(const std::string& path, const std::string& bytes) {
    ASSERT_TRUE(io::make_dirs(at(path.substr(0, path.rfind('/')))));
    ASSERT_TRUE(io::write_file_atomically(at(path), bytes, 0644));
  }
};

TEST_F(BeforeTest, FindsNothingWrongWithACommandThatExists) {
  EXPECT_TRUE(driver_.preflight(plan_with(service("cat /dev/null"))).empty());
  EXPECT_TRUE(driver_.preflight(plan_with(service("A=1 exec anything || :"))).empty());
}

TEST_F(BeforeTest, FindsACommandThatDoesNotExistOrCannotRun) {
  EXPECT_NE(only_finding(service("no-such-command-here --serve")).find("no-such-command-here"),
            std::string::npos);
  put("x/plain", "not a program");
  EXPECT_NE(only_finding(service("./x/plain")).find("not an executable file"), std::string::npos);
}

TEST_F(BeforeTest, FindsAMissingFolderUserAndSecret) {
  auto wanted = service("cat");
  wanted.dir = at("missing");
  EXPECT_NE(only_finding(wanted).find(at("missing")), std::string::npos);
  wanted = service("cat");
  wanted.user = "no-such-user-here";
  EXPECT_NE(only_finding(wanted).find("no-such-user-here"), std::string::npos);
  wanted = service("cat");
  wanted.secrets = {"DB"};
  auto plan = plan_with(wanted);
  plan.settings.secrets["DB"] = {"DB", "NO_SUCH_VARIABLE_HERE", "", ""};
  const auto findings = driver_.preflight(plan);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].why.code, Code::SecretUnavailable);
}

TEST_F(BeforeTest, RefusesAnImage) {
  auto wanted = service("cat");
  wanted.image = "registry/shop:v1";
  EXPECT_NE(only_finding(wanted).find("not images"), std::string::npos);
}

TEST_F(BeforeTest, SaysThatItsStateFolderCannotBeWritten) {
  ProcessInstances driver{{"/proc/no/instances", {}}};
  const auto findings = driver.preflight(plan_with(service("cat")));
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].why.what.find("/proc/no"), std::string::npos);
}

TEST_F(BeforeTest, GivesTheSameDigestForTheSameFiles) {
  put("versions/v1/server.js", "one");
  put("versions/v1/lib/a.js", "a");
  const std::string first = digest("v1");
  EXPECT_EQ(first.rfind("dir:sha256:", 0), 0U);
  EXPECT_EQ(digest("v1"), first);
}

TEST_F(BeforeTest, GivesAnotherDigestWhenContentModeOrNameChanges) {
  put("versions/v1/server.js", "one");
  std::set<std::string> digests{digest("v1")};
  put("versions/v1/server.js", "two");
  digests.insert(digest("v1"));
  ASSERT_EQ(::chmod(at("versions/v1/server.js").c_str(), 0755), 0);
  digests.insert(digest("v1"));
  put("versions/v1/other.js", "");
  digests.insert(digest("v1"));
  ASSERT_TRUE(io::rename_path(at("versions/v1/other.js"), at("versions/v1/another.js")));
  digests.insert(digest("v1"));
  EXPECT_EQ(digests.size(), 5U);
}

TEST_F(BeforeTest, LooksAtTheLockFileButNotIntoTheModules) {
  put("versions/v1/package-lock.json", "{}");
  const std::string first = digest("v1");
  put("versions/v1/node_modules/express/index.js", "x");
  put("versions/v1/.git/HEAD", "x");
  EXPECT_EQ(digest("v1"), first);
  put("versions/v1/package-lock.json", "{ }");
  EXPECT_NE(digest("v1"), first);
}

TEST_F(BeforeTest, NamesTheVersionThatIsNotThere) {
  const auto missing = ProcessArtifacts().resolve(version("v9"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::ArtifactMissing);
  EXPECT_NE(missing.error().what.find(at("versions/v9")), std::string::npos);
  EXPECT_FALSE(missing.error().next.empty());
}

TEST_F(BeforeTest, HashesTheFolderThatTheCommandLineNames) {
  put("versions/v1/server.js", "one");
  const auto spec = running("node versions/v1/server.js --as=/not/v1/here");
  const std::string first = ProcessArtifacts().resolve(spec).value_or("failed");
  EXPECT_EQ(first.rfind("dir:sha256:", 0), 0U) << first;
  put("versions/v1/lib.js", "more");
  EXPECT_NE(ProcessArtifacts().resolve(spec).value_or("failed"), first);
}

TEST_F(BeforeTest, TellsVersionsOfASharedFolderApart) {
  auto first = running("node server.js v1");
  auto second = running("node server.js v2");
  second.version = "v2";
  const auto a = ProcessArtifacts().resolve(first);
  const auto b = ProcessArtifacts().resolve(second);
  ASSERT_TRUE(a && b);
  EXPECT_NE(*a, *b);
}

}  // namespace
}  // namespace slipway::drivers::process
