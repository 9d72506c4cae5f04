#pragma once
// What a worker needs to begin TLS on a new connection: which certificate for which host, and the
// ticket keys. Immutable; a change makes new terms, and connections begun before keep theirs.
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "edge/certificate.h"
#include "edge/tickets.h"

namespace slipway::edge {

// One service's certificates, the first of the table first.
struct Presented {
  std::vector<std::string> hosts;  // as in the table; empty: every host nobody else names
  std::vector<std::shared_ptr<const Certificate>> certificates;
};

class TlsTerms {
 public:
  TlsTerms(const std::vector<Presented>& services, TicketKeys tickets, bool http2);

  // `name`: the server name the client asked for, empty when it named none. nullptr: nobody here
  // goes by that name.
  const Certificate* choose(std::string_view name) const;
  const TicketKeys& tickets() const { return tickets_; }
  bool http2() const { return http2_; }
  ssl_ctx_st* base() const { return base_.get(); }  // what a connection has before it named a host

 private:
  using List = std::vector<std::shared_ptr<const Certificate>>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Hosts = std::unordered_map<std::string, List, Hash, std::equal_to<>>;
  const List* list_of(std::string_view host) const;
  const Certificate* only() const;

  Hosts exact_;
  Hosts wildcard_;  // keyed by ".example.com"
  List any_;
  TicketKeys tickets_;
  bool http2_;
  std::shared_ptr<ssl_ctx_st> base_;
};

}  // namespace slipway::edge
