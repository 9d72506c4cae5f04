#pragma once
// What a request's head says about where it goes, read once: which release, a reader or a writer,
// which target it had before; and what its answer must tell the client so that it is found again.
// Pure: a head and a service in, a value out.
#include <cstdint>
#include <string>
#include <string_view>

#include "edge/address.h"
#include "http/parser.h"

namespace slipway::edge {

struct RouteService;
struct RoutePool;

struct Course {
  // Whose request it is: a user's; a preview, which counts apart; a user's again, but asked of a
  // release that was not chosen for it (assets).
  enum class For : std::uint8_t { User, Preview, Bridge };
  enum class Release : std::uint8_t { ByTurn, ByPoint, First, Last, Named, Unknown };
  For whose = For::User;
  Release release = Release::ByTurn;
  std::uint16_t point = 0;  // with ByPoint
  std::uint16_t named = 0;  // with Named: the pool's index
  bool reads = false;       // a reader may answer
  bool wrote = false;       // reads that follow go to the writer for a while
  bool secure = false;      // a proxy that is believed says the client came over https
  bool is_asset = false;    // a 404 is asked of the other releases first
  bool may_retry = false;   // a bad answer may be asked of another target
  bool retried = false;
  bool mirrors = false;    // a copy goes to the mirror's release
  bool is_safe = false;    // GET, HEAD or OPTIONS without a body: may be copied
  bool issues_id = false;  // the client gets a name of its own
  bool sticks = false;     // the client gets its target's name
  std::uint64_t id = 0;    // the client's name
  std::uint64_t tag = 0;   // of the target it had; 0: none
  bool watches_answer() const { return is_asset || may_retry; }
  bool marks_answer() const { return issues_id || sticks || wrote || whose == For::Preview; }
};

struct CourseFacts {
  const Address& peer;
  std::string_view path;  // as the release sees it
  std::uint64_t now_unix_ms = 0;
  std::uint64_t random = 0;  // becomes the client's name when it has none
};
Course read_course(const RouteService& service, const http::RequestHead& head,
                   const CourseFacts& facts);

// Headers between a client and the edge alone; they never reach a release.
inline constexpr std::string_view kPreviewRelease = "X-Slipway-Release";
inline constexpr std::string_view kPreviewToken = "X-Slipway-Token";
bool is_for_the_edge(const http::Header& header);
// "false" in a response: this write needs no affinity.
inline constexpr std::string_view kWriterAffinity = "X-Writer-Affinity";

struct AnswerFacts {
  bool secure = false;
  std::uint64_t now_unix_ms = 0;
  std::uint64_t tag = 0;  // of the target that answered
};
// Appends the Set-Cookie lines of an answer by a target of `pool`.
void write_cookies(const Course& course, const RouteService& service, const RoutePool& pool,
                   const http::Headers& answer, const AnswerFacts& facts, std::string& out);

}  // namespace slipway::edge
