#include "cli/status_text.h"

#include <fmt/core.h>

#include <map>
#include <set>

#include "base/text.h"
#include "cli/gate_text.h"
#include "cli/target.h"
#include "cli/timeline.h"

namespace slipway::cli {
namespace {
struct Painter {
  bool has_color;
  std::string operator()(std::string_view color, const std::string& text) const {
    return has_color ? std::string(color) + text + "\x1b[0m" : text;
  }
};
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kRed = "\x1b[31m";

std::string row(std::string_view name, const std::string& text) {
  return fmt::format("  {:<11} {}\n", name, text);
}

std::string live_row(const Json& live, std::int64_t now_ms) {
  if (live.is_null()) return row("live", "nothing has been released yet");
  return row("live", fmt::format("{}  {}  {}, by {}, {} ago", live.text("version"),
                                 live.text("release"), live.text("strategy"), live.text("by"),
                                 about(now_ms - live.integer("since_ms"))));
}

std::string previous_row(const Json& previous, std::int64_t now_ms) {
  if (previous.is_null()) return "";
  const std::string warm =
      previous.flag("warm")
          ? fmt::format("warm for another {}", about(previous.integer("warm_until_ms") - now_ms))
          : "cold";
  return row("previous",
             fmt::format("{}  {}  {}", previous.text("version"), previous.text("release"), warm));
}

std::string running_rows(const Json& running, const Painter& paint) {
  if (running.is_null()) return "";
  const bool is_back = running.flag("taking_back");
  const std::string word = is_back ? "taking back, " : running.flag("hold") ? "held, " : "";
  std::string text =
      fmt::format("{}  {}  {}step {} of {}: {}", running.text("version"), running.text("release"),
                  word, running.integer("index"), running.integer("of"), running.text("text"));
  const auto left = running.integer("left_ms", -1);
  if (left >= 0) text += fmt::format("  ({} left)", about(left));
  std::string out = row("running", paint(is_back ? kYellow : kBold, text));
  const auto& gates = running.at("gates").items();
  for (const auto& gate : gates) out += row("", paint(kYellow, gate_line(gate)));
  for (const auto* key : {"progress", "reason"}) {
    if (*key == 'p' && !gates.empty()) continue;  // says the same
    if (!running.text(key).empty()) out += row("", running.text(key));
  }
  return out;
}

struct Colour {
  int count = 0;
  int good = 0;
  bool is_probed = false;
  std::string version;
  std::string role;
  std::vector<std::string> troubles;
};

bool is_good(const Json& instance) {
  const std::string health = instance.text("health");
  return instance.text("state") == "running" && (health == "healthy" || health == "none");
}

void add_instance(Colour& colour, const Json& instance) {
  ++colour.count;
  colour.version = instance.text("version");
  colour.role = instance.text("role");
  colour.is_probed = colour.is_probed || instance.text("health") != "none";
  if (is_good(instance)) {
    ++colour.good;
    return;
  }
  const std::string why = instance.text("why");
  colour.troubles.push_back(fmt::format("{} is {}, {}{}", instance.text("id"),
                                        instance.text("state"), instance.text("health"),
                                        why.empty() ? "" : ": " + why));
}

std::string instance_rows(const Json& environment, const Painter& paint) {
  std::map<std::pair<std::string, std::string>, Colour> colours;
  for (const auto& one : environment.at("instances").items())
    add_instance(colours[{one.text("service"), one.text("release")}], one);
  std::string out;
  for (const auto& [key, colour] : colours) {
    const std::string text =
        fmt::format("{} of {} {}  {}  {}", colour.good, colour.count,
                    colour.is_probed ? "healthy" : "running", colour.version, colour.role);
    out += row(key.first, paint(colour.good == colour.count ? kGreen : kYellow, text));
    for (const auto& trouble : colour.troubles) out += row("", paint(kRed, trouble));
  }
  return out;
}

std::string traffic_rows(const Json& environment) {
  // The services of a release share one split: one line for each release is enough.
  std::map<std::string, std::pair<std::string, double>> shares;
  for (const auto& one : environment.at("split").items())
    shares[one.text("release")] = {one.text("version"), one.number("percent")};
  std::set<std::string> fresh;
  for (const auto& one : environment.at("instances").items()) {
    if (one.text("role") == "baseline") fresh.insert(one.text("release"));
  }
  std::string out;
  for (const auto& [release, share] : shares) {
    std::string text = fmt::format("{}{} {:g}%", fresh.contains(release) ? "fresh " : "",
                                   share.first, share.second);
    for (const auto& counts : environment.at("counts").items()) {
      if (counts.text("release") != release || counts.number("window_s") <= 0) continue;
      text += fmt::format("  {:.1f} requests/s, {:.2g}% errors, p95 {:.0f} ms",
                          counts.number("requests_per_s"), counts.number("error_rate_percent"),
                          counts.number("p95_ms"));
    }
    out += row(out.empty() ? "traffic" : "", text);
  }
  return out;
}

std::string maintenance_row(const Json& maintenance, std::int64_t now_ms, const Painter& paint) {
  if (!maintenance.flag("on")) return "";
  std::string text =
      fmt::format("on since {} ago, by {}", about(now_ms - maintenance.integer("since_ms")),
                  maintenance.text("by"));
  if (!maintenance.text("message").empty()) text += ": " + maintenance.text("message");
  return row("maintenance", paint(kYellow, text));
}

std::string standstill_rows(const Json& standstill, std::int64_t now_ms, const Painter& paint) {
  if (!standstill.flag("on")) return "";
  std::string out =
      row("standstill",
          paint(kYellow, fmt::format("{} since {} ago, by {}: {}", standstill.text("phase"),
                                     about(now_ms - standstill.integer("since_ms")),
                                     standstill.text("by"), standstill.text("why"))));
  const Json& note = standstill.at("note");
  if (!note.text("kept").empty()) out += row("", "what stood there before is " + note.text("kept"));
  for (const auto* key : {"waits_for", "trouble"})
    if (!standstill.text(key).empty()) out += row("", standstill.text(key));
  if (!note.text("resume").empty())
    out += row("", "cut off? next: " + note.text("resume") + " goes on");
  return out;
}

std::string problem_rows(const Json& problems, const Painter& paint) {
  std::string out;
  for (const auto& one : problems.items()) {
    out += row("problem", paint(kRed, one.text("what")));
    if (!one.text("next").empty()) out += row("", "next: " + one.text("next"));
  }
  return out;
}

std::string environment_text(const Json& one, std::int64_t now_ms, const Painter& paint) {
  std::string head = fmt::format("{} {}", one.text("app"), one.text("environment"));
  head = paint(kBold, head) + "  " + one.text("mode");
  if (!one.text("url").empty()) head += "  " + one.text("url");
  std::string out = head + "\n" + live_row(one.at("live"), now_ms) +
                    previous_row(one.at("previous"), now_ms) +
                    running_rows(one.at("running"), paint);
  const Json& last = one.at("last");
  if (!last.is_null() && last.text("outcome") != "completed") {
    const std::string reason = last.text("reason");
    out += row("last", fmt::format("{}  {}  {}: {}", last.text("version"), last.text("id"),
                                   replace_all(last.text("outcome"), "_", " "),
                                   reason.substr(0, reason.find('\n'))));
  }
  out += maintenance_row(one.at("maintenance"), now_ms, paint);
  out += standstill_rows(one.at("standstill"), now_ms, paint);
  out += instance_rows(one, paint) + traffic_rows(one);
  return out + problem_rows(one.at("problems"), paint);
}
}  // namespace

std::string status_text(const Json& status, bool has_color) {
  const Painter paint{has_color};
  const auto now_ms = status.integer("now_ms");
  std::string out;
  for (const auto& one : status.at("environments").items())
    out += (out.empty() ? "" : "\n") + environment_text(one, now_ms, paint);
  if (out.empty()) out = "nothing has been released yet\n";
  if (!status.flag("ready")) out += "\nthe daemon is still taking up its work\n";
  return out + problem_rows(status.at("problems"), paint);
}

}  // namespace slipway::cli
