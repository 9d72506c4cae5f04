// The routing table: any JSON is a table or a reasoned refusal; a valid table reads back as it was
// written, and every host and path in it leads to the service that claims them.
#include "base/json.h"
#include "edge/routes.h"
#include "tests/fuzz/engine.h"

namespace slipway::fuzz {
namespace {

void check_claims(const edge::Table& table) {
  edge::Registry registry(1);
  const edge::Routes routes(table, registry);
  for (const edge::Service& service : table.services) {
    std::vector<std::string> hosts = service.hosts;
    if (hosts.empty()) hosts = {"nobody-names-this.invalid"};
    for (std::string host : hosts) {
      // Any name below a wildcard is its, unless another service has it by name.
      if (host.substr(0, 2) == "*.") host = "some-label-of-no-one" + host.substr(1);
      for (const std::string& path : service.paths) {
        const edge::Match match = routes.match(host + ":80", path);
        expect(match.service != nullptr, "nobody answers for a path that a service claims");
        expect(match.prefix <= path.size(), "a prefix longer than the path");
        const edge::Service& found = match.service->config;
        expect(found.name == service.name && found.app == service.app &&
                   found.environment == service.environment,
               "another service answers for what this one claims");
      }
    }
  }
  for (const char* path : {"", "/", "*", "//", "/a", "/a/", "/a/b", "/ab", "/%2e"}) {
    for (const char* host : {"", "h", "H:1", "[::1]", "a.b.c", ".", "..", "*.a", "h.", ":"})
      expect(routes.match(host, path).prefix <= std::string_view(path).size(), "a prefix too long");
  }
}

}  // namespace

const char* const kTarget = "table";

std::vector<std::string> words() {
  return {"\"hosts\":[\"h\"]",
          "\"hosts\":[\"*.h\",\"a.h\"]",
          "\"paths\":[\"/a\"]",
          "\"paths\":[\"/a/\",\"/a/b\"]",
          "\"strip_prefix\":false",
          "\"state\":\"paused\"",
          "\"state\":\"stopped\"",
          "\"state\":\"maintenance\"",
          "\"allow\":[\"10.0.0.0/8\"]",
          "\"trusted_proxies\":[\"::1/64\"]",
          "\"tls\":{\"certificate\":\"c\",\"key\":\"k\"}",
          "\"timeouts\":{\"response_ms\":1}",
          "\"pools\":[",
          "{\"release\":\"r\",\"weight\":10000,\"targets\":[\"127.0.0.1:1\"]}",
          "\"weight\":5000",
          "\"targets\":[\"[::1]:2\"]",
          "{\"name\":\"n\",\"app\":\"a\",\"environment\":\"e\"}",
          "{",
          "}",
          "[",
          "]",
          ",",
          "\"",
          ":",
          "\"name\":\"m\"",
          "\"app\":\"b\"",
          "true",
          "false",
          "null",
          "-1",
          "1e9",
          "9223372036854775807",
          "\"*.\"",
          "\"a.b.c\"",
          "\"A.\"",
          "\"/\"",
          "\"//\"",
          "\\u0000"};
}

void try_input(std::string_view input) {
  auto json = Json::parse(std::string(input));
  if (!json) return;
  auto table = edge::table_from_json(*json);
  if (!table) {
    expect(!table.error().what.empty(), "a refusal without a reason");
    return;
  }
  const Json written = edge::to_json(*table);
  auto again = edge::table_from_json(written);
  expect(again && *again == *table, "a table reads back as another one");
  if (edge::validate(*table)) check_claims(*table);
}

}  // namespace slipway::fuzz
