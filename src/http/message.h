#pragma once
// Requests and responses as values that own their bytes, for the API server and the client.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/socket.h"

namespace slipway::http {

struct Field {
  std::string name;
  std::string value;
};
using Fields = std::vector<Field>;
// The first with this name, letter case ignored; empty when there is none.
std::string_view field_value(const Fields& fields, std::string_view name);

struct Request {
  std::string method;
  std::string target;  // as sent
  std::string path;    // "/v1/releases", still percent-encoded
  std::string query;   // without its "?"
  Fields fields;
  std::string body;
  std::string remote;                       // "127.0.0.1:40312"; empty on a unix socket
  std::optional<io::PeerCredentials> peer;  // on a unix socket
  std::string_view field(std::string_view name) const { return field_value(fields, name); }
  // The decoded value of one query parameter; nullopt when it is not there.
  std::optional<std::string> query_value(std::string_view name) const;
};

struct Response {
  int status = 0;
  Fields fields;
  std::string body;
  std::string_view field(std::string_view name) const { return field_value(fields, name); }
};

// "%2F" -> "/"; a "+" stays. nullopt: not well-formed.
std::optional<std::string> percent_decoded(std::string_view text);
std::string percent_encoded(std::string_view text);  // for one path segment or query value

}  // namespace slipway::http
