#include "database/migrations/header.h"

#include <fmt/core.h>

#include <charconv>

#include "base/text.h"
#include "base/units.h"

namespace slipway::database::migrations {
namespace {
constexpr std::string_view kMark = "slipway:";

Error mistake(const Migration& migration, std::string what) {
  return Error(Code::Malformed, fmt::format("{}: {}", migration.path, what),
               "write -- slipway: phase=expand|data|contract, transaction=on|none, timeout=5m, "
               "ack=RULE, or for a backfill table=…, key=…, batch=…");
}

Result<void> set_phase(std::string_view value, Migration& migration) {
  const auto phase = phase_named(value);
  if (!phase || *phase == Phase::Unknown)
    return mistake(migration, fmt::format("\"{}\" is no phase", value));
  migration.phase = *phase;
  return ok();
}

Result<void> set_transaction(std::string_view value, Migration& migration) {
  if (value == "none") {
    migration.up.wrap = Wrap::None;
  } else if (value == "on") {
    migration.up.wrap = Wrap::Transaction;
  } else {
    return mistake(migration, fmt::format("transaction=\"{}\" is neither on nor none", value));
  }
  return ok();
}

Result<void> set_batch(std::string_view key, std::string_view value, Migration& migration) {
  if (!migration.batches) migration.batches.emplace();
  Batches& batches = *migration.batches;
  if (key == "table") batches.table = value;
  if (key == "key") batches.key = value;
  if (key != "batch") return ok();
  const auto [end, wrong] =
      std::from_chars(value.data(), value.data() + value.size(), batches.rows);
  if (wrong != std::errc() || end != value.data() + value.size() || batches.rows < 1)
    return mistake(migration, fmt::format("batch=\"{}\" is no number of rows", value));
  return ok();
}

Result<void> set(std::string_view key, std::string_view value, Migration& migration) {
  if (key == "phase") return set_phase(value, migration);
  if (key == "transaction") return set_transaction(value, migration);
  if (key == "ack") {
    migration.acks.emplace_back(value);
    return ok();
  }
  if (key == "timeout") {
    const auto timeout = parse_duration(value);
    if (!timeout) return mistake(migration, fmt::format("timeout=\"{}\" is no duration", value));
    migration.timeout = *timeout;
    return ok();
  }
  if (key == "table" || key == "key" || key == "batch") return set_batch(key, value, migration);
  return mistake(migration, fmt::format("slipway knows no \"{}\"", key));
}

Result<void> read_line(std::string_view said, Migration& migration) {
  for (const auto part : split(said, ',')) {
    const auto word = trim(part);
    if (word.empty()) continue;
    const auto at = word.find('=');
    if (at == std::string_view::npos) {
      TRY(set_phase(word, migration));
    } else {
      TRY(set(trim(word.substr(0, at)), trim(word.substr(at + 1)), migration));
    }
  }
  return ok();
}

// Where the phase stands in a name: "x.contract.sql", "x.contract.up.sql".
std::string_view without_endings(std::string_view name) {
  for (const std::string_view ending : {".sql", ".up", ".down"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  return name;
}
}  // namespace

Result<void> read_header(std::string_view text, Migration& migration) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (const auto raw : split(text, '\n')) {
    const auto line = trim(raw);
    if (line.empty()) continue;
    if (!line.starts_with("--")) break;
    const auto said = trim(line.substr(line.find_first_not_of('-') == std::string_view::npos
                                           ? line.size()
                                           : line.find_first_not_of('-')));
    if (said.starts_with(kMark)) TRY(read_line(said.substr(kMark.size()), migration));
  }
  if (migration.batches && (migration.batches->table.empty() || migration.batches->key.empty()))
    return mistake(migration, "a backfill names its table and its key");
  if (migration.batches && migration.phase != Phase::Backfill)
    return mistake(migration, "only phase=data has table, key and batch");
  return ok();
}

Phase phase_by_name(std::string_view file_name) {
  const auto name = without_endings(file_name);
  for (const Phase phase : {Phase::Expand, Phase::Backfill, Phase::Contract}) {
    if (name.ends_with(fmt::format(".{}", name_of(phase)))) return phase;
  }
  return Phase::Unknown;
}

std::string stem_of(std::string_view file_name) {
  auto name = without_endings(file_name);
  const Phase phase = phase_by_name(file_name);
  if (phase != Phase::Unknown) name.remove_suffix(name_of(phase).size() + 1);
  return std::string(name);
}

}  // namespace slipway::database::migrations
