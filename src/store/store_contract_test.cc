// Both stores keep the same contract.
#include "tests/contract/store_contract.h"

#include "store/memory_store.h"
#include "store/sqlite_store.h"
#include "store/test_folder.h"

namespace slipway::store {
namespace {
std::unique_ptr<ports::Store> make_sqlite() {
  // On Linux an open file lives on without its name, but SQLite opens -wal by name later: the
  // folder must stay for the test. One static folder, a file per store.
  static TestFolder folder;
  static int count = 0;
  auto store = open_store(folder.path() + "/" + std::to_string(++count) + ".db");
  EXPECT_TRUE(store) << store.error().sentence();
  return store ? std::move(store).value() : nullptr;
}
std::unique_ptr<ports::Store> make_memory() { return std::make_unique<MemoryStore>(); }

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         testing::Values(StoreMaker{"Sqlite", make_sqlite},
                                         StoreMaker{"Memory", make_memory}),
                         [](const auto& made) { return made.param.name; });
}  // namespace
}  // namespace slipway::store
