#pragma once
// Reads one HTTP/1.1 response from pieces, and is strict about it: what a client could misread
// counts as broken. Framing after RFC 9112 §6; a body without length ends with the connection.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::load {

enum class BodyRule { AsFramed, None };  // None: the answer to HEAD

class ResponseReader {
 public:
  enum class State { Reading, Done, Broken };

  // Begins the next response; everything of the last one is forgotten.
  void begin(BodyRule rule);
  // Takes what belongs to this response and returns how many bytes that were.
  std::size_t feed(std::string_view bytes);
  // The peer has closed: Done when that is how this body ends, Broken otherwise.
  State feed_end();

  State state() const;
  bool has_begun() const { return has_begun_; }
  int status() const { return status_; }
  bool may_keep_alive() const { return keep_alive_; }
  const std::string& shop_version() const { return shop_version_; }
  const std::string& release() const { return release_; }

 private:
  enum class Phase {
    Head,
    Fixed,
    ChunkSize,
    ChunkBytes,
    ChunkEnd,
    Trailer,
    UntilEnd,
    Done,
    Broken
  };

  void forget_head();
  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_line(std::string_view bytes);
  std::size_t feed_counted(std::string_view bytes);
  void read_head(std::string_view head);
  bool read_status_line(std::string_view line);
  bool read_field(std::string_view line);
  bool read_framing(std::string_view lower_name, std::string_view value);
  void choose_body();
  void read_chunk_line(std::string_view line);

  Phase phase_ = Phase::Head;
  BodyRule rule_ = BodyRule::AsFramed;
  bool has_begun_ = false;
  bool keep_alive_ = true;
  bool is_chunked_ = false;
  bool has_length_ = false;
  int status_ = 0;
  std::uint64_t left_ = 0;
  std::string held_;  // an unfinished head or line
  std::string shop_version_;
  std::string release_;
};

}  // namespace slipway::load
