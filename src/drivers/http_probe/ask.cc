#include "drivers/http_probe/ask.h"

#include <charconv>

namespace slipway::drivers::http_probe {
namespace {
constexpr std::size_t kMostBody = std::size_t{1} << 20;

struct Place {
  std::string host;
  int port = 0;
};

// "127.0.0.1:20001", "[::1]:20001"
Result<Place> place_of(const std::string& address) {
  const auto colon = address.rfind(':');
  Place place;
  if (colon != std::string::npos) {
    place.host = address.substr(0, colon);
    const char* end = address.data() + address.size();
    const auto read = std::from_chars(address.data() + colon + 1, end, place.port);
    if (read.ptr != end) place.port = 0;
  }
  if (place.host.size() > 2 && place.host.front() == '[' && place.host.back() == ']') {
    place.host = place.host.substr(1, place.host.size() - 2);
  }
  if (!place.host.empty() && place.port > 0 && place.port < 65536) return place;
  return Error(Code::Malformed, "\"" + address + "\" is not an address with a port",
               "the platform must give host:port");
}
}  // namespace

Result<http::Response> ask(const std::string& address, const std::string& path,
                           const std::string& host, Millis timeout) {
  const Place place = TRY(place_of(address));
  http::Call call;
  call.target = path;
  if (!host.empty()) call.fields.push_back({"Host", host});
  call.fields.push_back({"User-Agent", "slipway-probe"});
  call.timeout = timeout;
  call.max_body = kMostBody;
  return http::Client::on_tcp(place.host, place.port).request(call);
}

}  // namespace slipway::drivers::http_probe
