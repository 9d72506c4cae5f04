#pragma once
// llhttp (Node's parser, in its strict mode) as a second opinion.
#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::fuzz {

struct Opinion {
  enum class Says { Refused, NeedMore, Complete };
  Says says = Says::NeedMore;
  std::string error;  // with Refused: llhttp's name for it
  bool head_done = false;
  std::string method;
  std::string target;
  int status = 0;
  bool chunked = false;
  bool has_length = false;
  std::uint64_t length = 0;
  bool keep_alive = false;  // with Complete
  std::string body;
  std::size_t used = 0;  // with Complete
};

enum class Message { Request, Response };
Opinion ask_llhttp(std::string_view bytes, Message kind);

}  // namespace slipway::fuzz
