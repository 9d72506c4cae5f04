#include "edge/tls_terms.h"

#include <array>

#include "edge/routes.h"
#include "edge/tls.h"

namespace slipway::edge {

TlsTerms::TlsTerms(const std::vector<Presented>& services, TicketKeys tickets, bool http2)
    : tickets_(std::move(tickets)), http2_(http2), base_(make_tls_context()) {
  const auto add = [](List& list, const Presented& service) {
    list.insert(list.end(), service.certificates.begin(), service.certificates.end());
  };
  for (const Presented& service : services) {
    if (service.certificates.empty()) continue;
    if (service.hosts.empty()) add(any_, service);
    for (const std::string& host : service.hosts) {
      std::array<char, 256> buffer;
      const std::string_view bare = bare_host(host, buffer);
      const bool wild = bare.substr(0, 2) == "*.";
      add(wild ? wildcard_[std::string(bare.substr(1))] : exact_[std::string(bare)], service);
    }
  }
}

// The same order as the routing of a request: the exact host, the longest wildcard, any.
const TlsTerms::List* TlsTerms::list_of(std::string_view host) const {
  if (const auto exact = exact_.find(host); exact != exact_.end()) return &exact->second;
  for (std::size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', 1)) {
    host.remove_prefix(dot);
    if (const auto wild = wildcard_.find(host); wild != wildcard_.end()) return &wild->second;
  }
  return any_.empty() ? nullptr : &any_;
}

const Certificate* TlsTerms::only() const {
  const Certificate* found = nullptr;
  for (const Hosts* hosts : {&exact_, &wildcard_}) {
    for (const auto& [host, list] : *hosts) {
      for (const auto& certificate : list) {
        if (found != nullptr && found != certificate.get()) return nullptr;
        found = certificate.get();
      }
    }
  }
  return found;
}

const Certificate* TlsTerms::choose(std::string_view name) const {
  // Who names nobody (an address in the browser, an old client) gets what stands for every host, or
  // the one certificate there is.
  if (name.empty()) return any_.empty() ? only() : any_.front().get();
  std::array<char, 256> buffer;
  const std::string_view host = bare_host(name, buffer);
  const List* list = list_of(host);
  if (list == nullptr) return nullptr;
  for (const auto& certificate : *list) {
    if (certificate->covers(host)) return certificate.get();
  }
  return list->front().get();
}

}  // namespace slipway::edge
