#include "database/rehearsal/verdict.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace slipway::database::rehearsal {
namespace {
using lint::Finding;
using lint::Harm;

struct Span {
  int first = 1;
  int behind = std::numeric_limits<int>::max();  // the line of the next statement
  bool holds(int line) const { return line >= first && (line < behind || line == first); }
};

// The harms a rule speaks of, in the words of the rehearsal.
bool speaks_of(const Finding& finding, std::string_view harm) {
  switch (finding.rule->harm) {
    case Harm::Blocks:
      return harm == "blocks" || harm == "bulk" || harm == "breaks";
    case Harm::Breaks:
      return harm == "breaks" || harm == "loses" || harm == "fails";
    case Harm::Fails:
      return harm == "fails";
    case Harm::Loses:
      return harm == "loses" || harm == "breaks";
    case Harm::Unseen:
      return true;
  }
  return false;
}

std::string measured(const Rehearsed& one, std::string_view harm, bool has_rows) {
  const auto& effect = one.effect;
  std::vector<std::string> out;
  if (harm == "fails") return effect.message;
  if (harm == "loses") return join(effect.gone, ", ");
  if (harm == "breaks") {
    for (const auto& broken : effect.broken)
      out.push_back(fmt::format("{}: {}", broken.statement, broken.why));
    if (out.size() > 3) {
      out.resize(3);
      out.push_back(fmt::format("and {} more", effect.broken.size() - 3));
    }
    return join(out, "; ");
  }
  for (const auto& lock : effect.locks) {
    if (stops_writers(lock.mode))
      out.push_back(fmt::format("{} under {}", lock.relation, name_of(lock.mode)));
  }
  const std::string what = out.empty() ? "many rows at once" : join(out, ", ");
  if (has_rows)
    return fmt::format("{:.1f} s on the backup's rows, {}",
                       static_cast<double>(one.effect.took.count()) / 1e6, what);
  return fmt::format("about {} s in production, {}", one.estimated.count() / 1'000'000, what);
}

class Judge {
 public:
  Judge(const Judged& migration, const Rehearsal* rehearsal) : migration_(migration) {
    if (rehearsal == nullptr) return;
    has_rows_ = rehearsal->is_measured();
    for (const auto& one : rehearsal->statements) {
      if (one.migration == migration.name) statements_.push_back(&one);
    }
    for (const auto& one : rehearsal->ways_back) {
      if (one.migration == migration.name)
        add(1, one.what, "correct its down script, or remove it: without one nobody relies on it");
    }
  }

  std::vector<Danger> judge() {
    for (const auto& finding : migration_.findings) by_lint(finding);
    for (std::size_t i = 0; i < statements_.size(); ++i) by_rehearsal(i);
    return std::move(out_);
  }

 private:
  void add(int line, std::string what, std::string next) {
    out_.push_back({migration_.name, line, std::move(what), std::move(next)});
  }

  Span span_of(std::size_t i) const {
    Span out{statements_[i]->line};
    if (i + 1 < statements_.size()) out.behind = statements_[i + 1]->line;
    return out;
  }

  // The rehearsal has seen what nobody could read, and that what should fail does not.
  bool is_settled(const Finding& finding) const {
    if (finding.rule->harm != Harm::Unseen && finding.rule->harm != Harm::Fails) return false;
    for (std::size_t i = 0; i < statements_.size(); ++i) {
      if (span_of(i).holds(finding.line) && !statements_[i]->effect.failed) return true;
    }
    return false;
  }

  void by_lint(const Finding& finding) {
    if (finding.is_acknowledged || is_settled(finding)) return;
    add(finding.line,
        fmt::format("{}: {}{}{}", finding.rule->name, finding.subject,
                    finding.subject.empty() ? "" : ": ", finding.rule->meaning),
        std::string(finding.rule->instead));
  }

  // What lint has told is not told again, and what was acknowledged is acknowledged.
  bool is_told(std::size_t i, std::string_view harm) const {
    const Span span = span_of(i);
    return std::any_of(migration_.findings.begin(), migration_.findings.end(),
                       [&](const Finding& finding) {
                         return span.holds(finding.line) && speaks_of(finding, harm) &&
                                (finding.is_acknowledged || !is_settled(finding));
                       });
  }

  void by_rehearsal(std::size_t i) {
    const Rehearsed& one = *statements_[i];
    for (const auto& harm : one.harms.words()) {
      // A contract is there to take away what nobody needs any more.
      if (migration_.phase == "contract" && (harm == "breaks" || harm == "loses")) continue;
      if (!is_told(i, harm))
        add(one.line, fmt::format("{}: {}", harm, measured(one, harm, has_rows_)),
            "slipway migrate lint tells safe ways; when the release before it is gone by then, "
            "make it a contract migration");
    }
  }

  const Judged& migration_;
  bool has_rows_ = false;
  std::vector<const Rehearsed*> statements_;
  std::vector<Danger> out_;
};
}  // namespace

std::string Danger::text() const { return fmt::format("{}:{}: {}", migration, line, what); }

std::vector<Danger> dangers_of(const std::vector<Judged>& migrations, const Rehearsal* rehearsal) {
  std::vector<Danger> out;
  for (const auto& migration : migrations) {
    for (auto& danger : Judge(migration, rehearsal).judge()) out.push_back(std::move(danger));
  }
  return out;
}

}  // namespace slipway::database::rehearsal
