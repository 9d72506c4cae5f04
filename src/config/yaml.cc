#include "config/yaml.h"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>

#include "base/text.h"

namespace slipway::config {
namespace {

Mark mark_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

// Thrown out of an event and caught in parse_yaml: yaml-cpp offers no other way to stop it.
struct Stopped {
  Problem problem;
};

// The text from a place on.
std::string_view from_place(std::string_view text, Mark at) {
  for (int line = 1; line < at.line; ++line) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (text.empty()) return text;
  }
  text.remove_prefix(std::min(static_cast<std::size_t>(at.column - 1), text.size()));
  return text;
}

// Whether the quote at the front is closed. yaml-cpp 0.7 takes the end of the file for the missing
// one, and everything in between for the text; only the last quote of a file can be such a one.
bool is_closed(std::string_view text) {
  if (text.empty() || (text.front() != '\'' && text.front() != '"')) return true;
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"')
      ++i;
    else if (text[i] == quote && quote == '\'' && text.substr(i + 1).starts_with('\''))
      ++i;
    else if (text[i] == quote)
      return true;
  }
  return false;
}

// Builds the tree from yaml-cpp's events. A frame is a list or map that is not closed yet.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Problems& problems) : problems_(problems) {}

  Node take() { return std::move(root_); }
  // Where the last text in quotes opens, when it never closes.
  std::optional<Mark> quote_left_open(std::string_view text) const {
    if (!last_quoted_ || is_closed(from_place(text, *last_quoted_))) return std::nullopt;
    return last_quoted_;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    throw Stopped{
        {mark_of(mark), "a second document begins here", "keep one document in the file", false}};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    place(leaf(Node::Kind::Null, mark, {}), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (tag == "!") last_quoted_ = mark_of(mark);
    if (!tag.empty() && tag != "?" && tag != "!") {
      problems_.add(mark_of(mark), fmt::format("tag {} is not understood", tag),
                    "leave the tag out");
    }
    place(leaf(Node::Kind::Scalar, mark, value), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Stopped{
          {mark_of(mark), "an alias inside its own anchor", "write the value out", false}};
    }
    count(mark, size_of(found->second));
    place(found->second, 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::List, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::Map, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    Mark key_at;
  };

  static int size_of(const Node& node) {
    int size = 1;
    for (const auto& item : node.items) size += size_of(item);
    return size;
  }

  void count(const YAML::Mark& mark, int added) {
    nodes_ += added;
    if (nodes_ <= kMostNodes) return;
    throw Stopped{{mark_of(mark), fmt::format("more than {} values", kMostNodes),
                   "use fewer aliases, or split the file", false}};
  }

  Node leaf(Node::Kind kind, const YAML::Mark& mark, const std::string& text) {
    count(mark, 1);
    Node node;
    node.kind = kind;
    node.at = mark_of(mark);
    node.text = text;
    return node;
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (static_cast<int>(frames_.size()) >= kDeepest) {
      throw Stopped{{mark_of(mark), fmt::format("nested more than {} levels deep", kDeepest),
                     "check the indentation and the brackets", false}};
    }
    frames_.push_back({leaf(kind, mark, {}), anchor, false, {}, {}});
  }

  void close() {
    auto frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.node.is_map()) merge_bases(frame.node);
    place(std::move(frame.node), frame.anchor);
  }

  void place(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& frame = frames_.back();
    if (frame.node.is_list()) {
      node.key_at = node.at;
      frame.node.items.push_back(std::move(node));
    } else if (frame.has_key) {
      place_value(frame, std::move(node));
    } else {
      place_key(frame, node);
    }
  }

  void place_key(Frame& frame, const Node& node) {
    frame.has_key = true;
    frame.key_at = node.at;
    frame.key = node.is_null() ? "null" : node.text;
    if (node.is_list() || node.is_map()) {
      problems_.add(node.at, "a list or map stands where a key is expected",
                    "a value that begins with '{' or '[' needs quotes");
    }
  }

  void place_value(Frame& frame, Node node) {
    frame.has_key = false;
    if (const Node* first = frame.node.find(frame.key)) {
      problems_.add(
          frame.key_at,
          fmt::format("duplicate key '{}', already set on line {}", frame.key, first->key_at.line),
          "keep one of the two");
      return;
    }
    node.key = std::move(frame.key);
    node.key_at = frame.key_at;
    frame.node.items.push_back(std::move(node));
  }

  // `<<: *base` puts the keys of base into this map where it does not set them itself.
  void merge_bases(Node& map) {
    const Node* written = map.find("<<");
    if (written == nullptr) return;
    const Node bases = *written;
    std::erase_if(map.items, [](const Node& item) { return item.key == "<<"; });
    const auto merge = [&](const Node& base) {
      if (!base.is_map())
        problems_.add(bases.key_at, "'<<' takes the alias of a map", "write '<<: *name'");
      if (!base.is_map()) return;
      for (const auto& item : base.items) {
        if (map.find(item.key) == nullptr) map.items.push_back(item);
      }
    };
    if (!bases.is_list()) return merge(bases);
    for (const auto& base : bases.items) merge(base);
  }

  Problems& problems_;
  Node root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::optional<Mark> last_quoted_;
  int nodes_ = 0;
  int documents_ = 0;
};

// The first line that begins with a tab; YAML forbids it, and every parser explains it differently.
std::optional<Problem> tab_indent(std::string_view text) {
  int line = 0;
  for (const auto part : split(text, '\n')) {
    ++line;
    if (!part.starts_with('\t') || trim(part).empty() || trim(part).starts_with('#')) continue;
    return Problem{
        {line, 1}, "a tab stands where YAML wants spaces", "indent with two spaces", false};
  }
  return std::nullopt;
}

std::optional<Problem> unreadable(std::string_view text) {
  if (text.size() > kLongestText) {
    return Problem{
        {},
        fmt::format("the file is {} bytes long, at most {} are read", text.size(), kLongestText),
        "move what is not configuration out of it",
        false};
  }
  if (const auto at = text.find('\0'); at != std::string_view::npos) {
    int line = 1;
    for (const char c : text.substr(0, at)) line += c == '\n';
    return Problem{
        {line, 1}, "a zero byte stands in this line", "save the file as UTF-8 text", false};
  }
  return tab_indent(text);
}

std::string plain_words(const std::string& message) {
  if (message.find("flow") != std::string::npos) {
    return "a '{' or '[' opened before this place is not closed";
  }
  if (message.find("end of map") != std::string::npos) {
    return "the map does not go on here; check the indentation and the ':' after the key";
  }
  if (message.find("illegal map value") != std::string::npos) {
    return "a value with ': ' in it needs quotes";
  }
  return "check indentation, brackets and quotes just before this place";
}

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, Problems& problems) {
  if (auto problem = unreadable(text)) {
    problems.add(problem->at, problem->what, problem->suggestion);
    return std::nullopt;
  }
  TreeBuilder builder(problems);
  Problem stopped;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
    if (!builder.quote_left_open(text)) return builder.take();
  } catch (const Stopped& stop) {
    stopped = stop.problem;
  } catch (const YAML::Exception& error) {
    stopped = {mark_of(error.mark), "not valid YAML: " + error.msg, plain_words(error.msg), false};
  } catch (const std::exception& error) {
    stopped = {{}, fmt::format("not valid YAML: {}", error.what()), "check the file", false};
  }
  // An open quote swallows the rest of the file: whatever else is wrong comes from there.
  if (const auto at = builder.quote_left_open(text)) {
    stopped = {*at, "the quote that opens here is not closed", "close it on the same line", false};
  }
  problems.add(stopped.at, stopped.what, stopped.suggestion);
  return std::nullopt;
}

}  // namespace slipway::config
