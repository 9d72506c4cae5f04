#pragma once
// The four kinds of cases in the table. Each names its rule ("9112 6.1": section 6.1 of RFC 9112)
// and says in `name` what is special about its bytes.
#include <string>
#include <vector>

#include "tests/integration/http/lane.h"

namespace slipway::edge::test {

// What becomes of the client's connection after the answer.
enum class Then { Kept, Closed, Reset };
// What becomes of the upstream's connection after its answer.
enum class Pool { Reused, Dropped };
// Does the upstream close its connection once it has answered?
enum class Upstream { Stays, Closes };

// The edge answers by itself; no byte reaches the upstream, and nothing sent behind it is answered
// when the connection closes.
struct Refusal {
  const char* rule;
  const char* name;
  int status;
  std::string sent;
  Then then = Then::Closed;
};

// The request is passed on as `reaches`, less what the edge adds to every request.
struct Passage {
  const char* rule;
  const char* name;
  std::string sent;
  std::string reaches;
  Then then = Then::Kept;
};

// A response to `asked` comes to the client as `client`, less the Date the edge adds.
struct Answer {
  const char* rule;
  const char* name;
  std::string answered;
  std::string client;
  Pool pool = Pool::Reused;
  Then then = Then::Kept;
  Upstream upstream = Upstream::Stays;
  std::string asked = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
};

// A conversation: what both sides do, step by step.
struct Step {
  enum class Does {
    ClientSends,
    ClientGets,
    ClientHalfCloses,
    ClientLeaves,
    ClientResets,
    ClientSeesEnd,
    ClientSeesReset,
    ClientWaitsInVain,  // nothing comes for a moment
    ClientComesAgain,   // with a new connection
    UpstreamGets,
    UpstreamSends,
    UpstreamCloses,
    UpstreamResets,
    UpstreamSeesEnd,
    UpstreamWaitsInVain,
  };
  Does does;
  std::string bytes;
};
struct Conversation {
  const char* rule;
  const char* name;
  std::vector<Step> steps;
};

// "" when it went as it must, else what was seen instead.
std::string run(Lane& lane, const Refusal& refusal);
std::string run(Lane& lane, const Passage& passage);
std::string run(Lane& lane, const Answer& answer);
std::string run(Lane& lane, const Conversation& conversation);

// Bytes that most cases begin with.
inline std::string a_get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
inline std::string a_post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}
inline std::string chunked(const std::string& body) {
  return a_post("Transfer-Encoding: chunked\r\n", body);
}
// A literal with NUL in it.
template <std::size_t N>
std::string raw(const char (&text)[N]) {
  return std::string(text, N - 1);
}

// The whole table.
std::vector<Refusal> framing_refusals();
std::vector<Refusal> coding_refusals();
std::vector<Refusal> line_refusals();
std::vector<Refusal> field_refusals();
std::vector<Refusal> chunk_refusals();
std::vector<Refusal> local_answers();
std::vector<Passage> line_passages();
std::vector<Passage> field_passages();
std::vector<Passage> own_field_passages();
std::vector<Passage> body_passages();
std::vector<Passage> forwarded_passages();
std::vector<Answer> head_answers();
std::vector<Answer> body_answers();
std::vector<Answer> spoiled_answers();
std::vector<Answer> overlong_answers();
std::vector<Conversation> interim_conversations();
std::vector<Conversation> hints_conversations();
std::vector<Conversation> pipelined_conversations();
std::vector<Conversation> client_ending_conversations();
std::vector<Conversation> upstream_ending_conversations();
std::vector<Conversation> slow_conversations();
std::vector<Conversation> upgrade_conversations();

}  // namespace slipway::edge::test
