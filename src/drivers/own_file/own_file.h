#pragma once
// OwnFile: the one file slipway owns in a proxy's configuration, with its record beside it. What
// anybody else changed in the file is found by its digest and never written over.
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "drivers/own_file/record.h"
#include "io/files.h"

namespace slipway::drivers::own_file {

// File and record as they were read together.
struct Seen {
  Record record;
  bool is_there = false;
  bool is_whole = false;   // the bytes are those the record tells of
  bool is_edited = false;  // neither those, nor those of a write that broke off
};

enum class Grant { Write, DoneAlready };

class OwnFile {
 public:
  // folder/slipway.APP.ENVIRONMENT.EXTENSION; record and lock begin with a dot, so that no proxy
  // includes them.
  OwnFile(std::string folder, const ports::AppRef& app, const std::string& extension);

  const std::string& path() const { return path_; }
  // A further file beside it, hidden from includes: ".slipway.APP.ENVIRONMENT.page.html".
  std::string beside(const std::string& ending) const { return hidden_ + "." + ending; }

  // Conflict while another slipway is writing.
  Result<io::FileLock> lock() const;
  Result<Seen> look() const;
  // Whether a write is allowed now: Fenced, or Conflict with the actual state.
  Result<Grant> may_write(const Seen& seen, const std::string& expected, std::uint64_t epoch,
                          const OpId& op) const;
  // The record of a write that may_write allows; nothing when this op has written already.
  Result<std::optional<Record>> next(const Seen& seen, const ports::Split& want,
                                     const std::string& expected, std::uint64_t epoch,
                                     const OpId& op) const;
  // The intent: from here on `bytes` in the file are nobody else's edit.
  Result<void> intend(Record record, const std::string& bytes) const;
  Result<void> write(const std::string& bytes) const;
  Result<void> keep(const Record& record) const;
  Error edited() const;

 private:
  std::string path_;
  std::string hidden_;
};

// What a router with this file is asked for: empty when nothing was written or the file is gone.
ports::SplitView view_of(const Seen& seen);

// This process's environment for a proxy's program: servers lie in sbin, which is not in
// everybody's PATH.
std::vector<std::string> program_environment();

}  // namespace slipway::drivers::own_file
