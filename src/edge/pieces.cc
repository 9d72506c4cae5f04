#include "edge/pieces.h"

#include <cerrno>
#include <charconv>
#include <cstring>

namespace slipway::edge {

void Pieces::add_chunk(std::string_view content, bool last) {
  if (!content.empty()) {
    const auto end =
        std::to_chars(size_line_, size_line_ + sizeof size_line_ - 2, content.size(), 16).ptr;
    std::memcpy(end, "\r\n", 2);
    add({size_line_, static_cast<std::size_t>(end + 2 - size_line_)});
    add(content);
    add("\r\n");
  }
  if (last) add("0\r\n\r\n");
}

std::string Pieces::text() const {
  std::string out;
  for (int i = 0; i < count_; ++i)
    out.append(static_cast<const char*>(pieces_[i].iov_base), pieces_[i].iov_len);
  return out;
}

// Few bytes are cheaper to copy together than to describe to the kernel as a list.
ssize_t Pieces::send_all(int fd) {
  if (count_ == 1) return ::send(fd, pieces_[0].iov_base, pieces_[0].iov_len, flags_);
  if (total_ <= kMostTogether) {
    char together[kMostTogether];
    std::size_t size = 0;
    for (int i = 0; i < count_; size += pieces_[i++].iov_len)
      std::memcpy(together + size, pieces_[i].iov_base, pieces_[i].iov_len);
    return ::send(fd, together, size, flags_);
  }
  msghdr message{};
  message.msg_iov = pieces_;
  message.msg_iovlen = static_cast<std::size_t>(count_);
  return sendmsg(fd, &message, flags_);
}

bool Pieces::send(int fd, std::string& pending) {
  std::size_t sent = 0;
  if (pending.empty() && total_ > 0) {
    ssize_t got = 0;
    do {
      got = send_all(fd);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno != EAGAIN) return false;
    sent = got < 0 ? 0 : static_cast<std::size_t>(got);
    if (sent == total_) return true;
  }
  for (int i = 0; i < count_; ++i) {
    const std::size_t skip = sent < pieces_[i].iov_len ? sent : pieces_[i].iov_len;
    sent -= skip;
    pending.append(static_cast<const char*>(pieces_[i].iov_base) + skip, pieces_[i].iov_len - skip);
  }
  return true;
}

bool flush(int fd, std::string& pending) {
  while (!pending.empty()) {
    const ssize_t got = ::send(fd, pending.data(), pending.size(), MSG_NOSIGNAL);
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN;
    }
    if (static_cast<std::size_t>(got) == pending.size()) {
      std::string().swap(pending);
    } else {
      pending.erase(0, static_cast<std::size_t>(got));
      return true;
    }
  }
  return true;
}

Unchunked unchunk(http::ChunkedDecoder& decoder, char* bytes, std::size_t size) {
  Unchunked out;
  std::string_view input(bytes, size);
  std::size_t kept = 0;
  std::size_t begin = 0;
  for (;;) {
    const http::ChunkedDecoder::Piece piece = decoder.next(input);
    if (piece.got == http::ChunkedDecoder::Got::Content) {
      const auto at = static_cast<std::size_t>(piece.content.data() - bytes);
      if (kept == 0) begin = at;
      if (kept > 0 && at != begin + kept)
        std::memmove(bytes + begin + kept, bytes + at, piece.content.size());
      kept += piece.content.size();
      continue;
    }
    out.done = piece.got == http::ChunkedDecoder::Got::Done;
    out.bad = piece.got == http::ChunkedDecoder::Got::Bad;
    out.content = {bytes + begin, kept};
    out.used = size - input.size();
    return out;
  }
}

}  // namespace slipway::edge
