#include "edge/certificates.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <iterator>
#include <set>

#include "io/clock.h"

namespace slipway::edge {
namespace {

using Key = std::pair<std::string, std::string>;

std::int64_t wall_ms() {
  io::SystemClock clock;
  return to_unix_ms(clock.now());
}

std::vector<CertificateFiles> pairs_of(const Tls& tls) {
  if (!tls.enabled()) return {};
  std::vector<CertificateFiles> pairs = {{tls.certificate, tls.key}};
  pairs.insert(pairs.end(), tls.more.begin(), tls.more.end());
  return pairs;
}

// Different when a file was replaced or written: what is the same needs not be read again.
std::string stamp_of(const CertificateFiles& files) {
  std::string stamp;
  for (const std::string* path : {&files.certificate, &files.key}) {
    struct stat facts {};
    if (::stat(path->c_str(), &facts) != 0) return {};
    stamp += fmt::format("{}.{}.{}.{}.{}/", facts.st_dev, facts.st_ino, facts.st_size,
                         facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
    stamp += fmt::format("{}.{} ", facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec);
  }
  return stamp;
}

std::string full_name(const Service& service) {
  return fmt::format("{}/{}/{}", service.app, service.environment, service.name);
}

}  // namespace

Certificates::Certificates(CertificateSettings settings)
    : settings_(std::move(settings)), tickets_([] {
        io::SystemRandom random;
        return TicketKeys(random, wall_ms());
      }()) {}

Result<Certificates::Entries> Certificates::prepare(const Table& table,
                                                    const std::vector<Service>& written) const {
  std::map<Key, std::string> strict;  // and for which service
  for (const Service& service : written) {
    for (const CertificateFiles& files : pairs_of(service.tls))
      strict.try_emplace({files.certificate, files.key}, full_name(service));
  }
  Entries next;
  for (const Service& service : table.services) {
    for (const CertificateFiles& files : pairs_of(service.tls)) {
      const Key key(files.certificate, files.key);
      if (next.contains(key)) continue;
      const auto known = entries_.find(key);
      Entry entry = known == entries_.end() ? Entry() : known->second;
      const std::string stamp = stamp_of(files);
      if (entry.certificate == nullptr || stamp.empty() || stamp != entry.stamp) {
        const auto must = strict.find(key);
        const Age age = must == strict.end() ? Age::Any : Age::MustBeValid;
        auto loaded = load_certificate(files, wall_ms(), age);
        if (!loaded && must != strict.end())
          return std::move(loaded).error().in("service " + must->second);
        entry.problem = loaded ? "" : loaded.error().what;
        entry.stamp = loaded ? stamp : "";
        const bool same = loaded && entry.certificate != nullptr &&
                          entry.certificate->digest == (*loaded)->digest;
        if (loaded && !same) entry.certificate = std::move(loaded).value();
      }
      next.emplace(key, std::move(entry));
    }
  }
  return next;
}

void Certificates::keep(const Table& table, Entries entries) {
  std::vector<std::pair<std::vector<std::string>, Tls>> services;
  for (const Service& service : table.services) {
    if (service.tls.enabled()) services.emplace_back(service.hosts, service.tls);
  }
  bool same = services == services_ && entries.size() == entries_.size();
  for (const auto& [key, entry] : entries) {
    const auto known = entries_.find(key);
    same = same && known != entries_.end() && known->second.certificate == entry.certificate;
  }
  services_ = std::move(services);
  entries_ = std::move(entries);
  if (!same) make_terms();
}

void Certificates::make_terms() {
  std::vector<Presented> presented;
  for (const auto& [hosts, tls] : services_) {
    Presented& service = presented.emplace_back();
    service.hosts = hosts;
    for (const CertificateFiles& files : pairs_of(tls)) {
      const auto entry = entries_.find({files.certificate, files.key});
      if (entry != entries_.end() && entry->second.certificate != nullptr)
        service.certificates.push_back(entry->second.certificate);
    }
  }
  settings_.publish(std::make_shared<const TlsTerms>(presented, tickets_, settings_.http2));
}

Certificates::Reloaded Certificates::reload() {
  Reloaded out;
  for (auto& [key, entry] : entries_) {
    const CertificateFiles files{key.first, key.second};
    const std::string stamp = stamp_of(files);
    auto loaded = load_certificate(files, wall_ms(), Age::MustBeValid);
    entry.problem = loaded ? "" : loaded.error().what;
    if (!loaded) {
      out.problems.push_back(entry.problem);
      continue;
    }
    entry.stamp = stamp;
    if (entry.certificate != nullptr && entry.certificate->digest == (*loaded)->digest) {
      ++out.unchanged;
      continue;
    }
    entry.certificate = std::move(loaded).value();
    out.changed.push_back(key.first);
  }
  if (!out.changed.empty()) make_terms();
  return out;
}

void Certificates::turn_tickets() {
  const std::int64_t now = wall_ms();
  if (!tickets_.due(now, settings_.ticket_turn)) return;
  io::SystemRandom random;
  tickets_.rotate(random, now);
  make_terms();
}

void Certificates::adopt(TicketKeys tickets) {
  tickets_ = std::move(tickets);
  make_terms();
}

Json to_json(const Certificates::Entries& entries, std::int64_t now_ms) {
  Json list = Json::array();
  for (const auto& [key, entry] : entries) {
    Json json = Json::object();
    json.set("certificate", key.first).set("key", key.second);
    if (entry.certificate != nullptr) {
      const std::int64_t until = entry.certificate->not_after_ms;
      json.set("names", Json::array_of(entry.certificate->names));
      json.set("expires_at", to_iso8601(from_unix_ms(until)));
      json.set("expires_in_s", (until - now_ms) / 1000);
    }
    list.push_back(json.set("problem", entry.problem));
  }
  return list;
}

std::string certificate_metrics(const Certificates::Entries& entries, std::int64_t now_ms) {
  std::string out = "# TYPE slipway_edge_certificate_expiry_seconds gauge\n";
  for (const auto& [key, entry] : entries) {
    if (entry.certificate == nullptr) continue;
    fmt::format_to(std::back_inserter(out),
                   "slipway_edge_certificate_expiry_seconds{{certificate=\"{}\"}} {}\n", key.first,
                   (entry.certificate->not_after_ms - now_ms) / 1000);
  }
  return out;
}

}  // namespace slipway::edge
