#pragma once
// Every certificate the table names, on the control thread: read, read again, watched; and the
// terms the workers begin TLS with, made anew when one of them or the ticket keys change.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "edge/table.h"
#include "edge/tls_terms.h"

namespace slipway::edge {

struct CertificateSettings {
  bool http2 = true;
  Millis ticket_turn = TicketKeys::kTurn;
  // Given new terms before the call that made them returns.
  std::function<void(std::shared_ptr<const TlsTerms>)> publish;
};

class Certificates {
 public:
  explicit Certificates(CertificateSettings settings);

  struct Entry {
    std::shared_ptr<const Certificate> certificate;  // nullptr: could not be read yet
    std::string stamp;                               // of the files when they were read
    std::string problem;  // why the files are not what is served; empty: they are
  };
  using Entries = std::map<std::pair<std::string, std::string>, Entry>;

  // What `table` needs; files that changed are read again. Those of the services `written` must be
  // good; of another service the pair it has stays, and its entry tells the problem.
  Result<Entries> prepare(const Table& table, const std::vector<Service>& written) const;
  void keep(const Table& table, Entries entries);

  struct Reloaded {
    std::vector<std::string> changed;  // paths of certificates
    std::vector<std::string> problems;
    std::size_t unchanged = 0;
  };
  // Reads all of them anew. A broken pair is not taken: the one before it goes on.
  Reloaded reload();

  // Called now and then: gives the tickets a new key when it is time.
  void turn_tickets();
  const TicketKeys& tickets() const { return tickets_; }
  void adopt(TicketKeys tickets);  // those of the process this one takes over from

  const Entries& entries() const { return entries_; }

 private:
  void make_terms();
  CertificateSettings settings_;
  Entries entries_;
  std::vector<std::pair<std::vector<std::string>, Tls>> services_;  // hosts, and what they show
  TicketKeys tickets_;
};

// [{certificate, key, names, expires_at, expires_in_s, problem}]
Json to_json(const Certificates::Entries& entries, std::int64_t now_ms);
std::string certificate_metrics(const Certificates::Entries& entries, std::int64_t now_ms);

}  // namespace slipway::edge
