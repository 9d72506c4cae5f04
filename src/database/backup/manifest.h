#pragma once
// The manifest of a dump: what it is, and every file in it with its SHA-256. It is written last, so
// that a dump without one is none.
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "database/backup/catalogue.h"
#include "database/backup/tool.h"

namespace slipway::database::backup {

struct DumpFile {
  std::string path;  // relative to the dump's folder
  std::uint64_t bytes = 0;
  std::string sha256;
};
struct Manifest {
  Entry entry;
  std::vector<DumpFile> files;
};
Json to_json(const Manifest& manifest);
Result<Manifest> manifest_from_json(const Json& json);

constexpr const char* kManifest = "manifest.json";

// Every file below `folder` but the manifest, read and summed. Corrupt when one is empty.
Result<std::vector<DumpFile>> sum_files(const std::string& folder);
Result<Manifest> read_manifest(const std::string& folder);
// Its SHA-256, of the file's bytes, is what the entry's checksum is from then on.
Result<std::string> write_manifest(const std::string& folder, const Manifest& manifest);
// By size alone, which is quick: the first thing wrong, "" when nothing is.
std::string first_damage(const std::string& folder, const Manifest& manifest);
// Reads all of it.
void verify_dump(const std::string& folder, const Manifest& manifest, Verification& out);
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace slipway::database::backup
