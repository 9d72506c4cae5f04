#pragma once
// Bytes from several places sent by one system call; what the socket does not take is kept in
// order.
#include <sys/socket.h>
#include <sys/uio.h>

#include <span>
#include <string>
#include <string_view>

#include "http/parser.h"

namespace slipway::edge {

class Pieces {
 public:
  void add(std::string_view bytes) {
    if (bytes.empty()) return;
    pieces_[count_++] = {const_cast<char*>(bytes.data()), bytes.size()};
    total_ += bytes.size();
  }
  // `content` as one chunk, and the end of the body when `last`.
  void add_chunk(std::string_view content, bool last);
  std::string text() const;  // all of it, copied
  std::span<const iovec> list() const { return {pieces_, static_cast<std::size_t>(count_)}; }

  // The socket's sending is ended right behind these: the kernel may wait for that, and say both in
  // one segment. Whoever says so must then shut the socket down or close it.
  void are_the_last() { flags_ |= MSG_MORE; }
  // Sends after `pending`; whatever is not taken ends up there. False: the socket is broken.
  bool send(int fd, std::string& pending);

 private:
  static constexpr int kMost = 8;
  static constexpr std::size_t kMostTogether = 2048;
  ssize_t send_all(int fd);
  iovec pieces_[kMost];
  int count_ = 0;
  std::size_t total_ = 0;
  int flags_ = MSG_NOSIGNAL;
  char size_line_[20];
};

// False: the socket is broken. What is left stays in `pending`.
bool flush(int fd, std::string& pending);

// Takes a piece of a chunked body apart in place: the contents are moved together to the front.
struct Unchunked {
  std::string_view content;
  std::size_t used = 0;  // bytes of the input that belong to this body
  bool done = false;
  bool bad = false;
};
Unchunked unchunk(http::ChunkedDecoder& decoder, char* bytes, std::size_t size);

}  // namespace slipway::edge
