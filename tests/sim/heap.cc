// The simulator's heap. Its lives ask for the same few small sizes by the million, in processes of
// one thread each: pieces of one size lie in a list, and are taken and given back without a lock,
// a search or a merge. Larger ones are malloc's. Nothing goes back to the system before the end.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {
constexpr std::size_t kStep = 16;
constexpr std::size_t kClasses = 65;  // up to 1 KiB with the header
constexpr std::size_t kChunk = std::size_t{1} << 20;

// In front of every piece, so that it stays aligned and knows its list; 0: malloc's.
struct alignas(kStep) Header {
  std::size_t its_class = 0;
};
struct Free {
  Free* next = nullptr;
};

Free* lists[kClasses];
char* fresh = nullptr;
std::size_t fresh_left = 0;

[[gnu::noinline]] Header* carve(std::size_t bytes) {
  if (fresh_left < bytes) {
    fresh = static_cast<char*>(std::malloc(kChunk));
    if (fresh == nullptr) std::abort();
    fresh_left = kChunk;
  }
  auto* header = new (fresh) Header;
  fresh += bytes;
  fresh_left -= bytes;
  return header;
}

void* take(std::size_t size) {
  // At least room for the list's own pointer.
  const std::size_t wanted = (std::max(size, kStep) + sizeof(Header) + kStep - 1) / kStep;
  if (wanted >= kClasses) {
    void* large = std::malloc(size + sizeof(Header));
    if (large == nullptr) std::abort();
    return new (large) Header + 1;
  }
  if (Free* found = lists[wanted]; found != nullptr) {
    lists[wanted] = found->next;
    return found;
  }
  Header* header = carve(wanted * kStep);
  header->its_class = wanted;
  return header + 1;
}

void give_back(void* piece) {
  if (piece == nullptr) return;
  Header* header = static_cast<Header*>(piece) - 1;
  if (header->its_class == 0) return std::free(header);
  lists[header->its_class] = new (piece) Free{lists[header->its_class]};
}
}  // namespace

void* operator new(std::size_t size) { return take(size); }
void* operator new[](std::size_t size) { return take(size); }
void operator delete(void* piece) noexcept { give_back(piece); }
void operator delete[](void* piece) noexcept { give_back(piece); }
void operator delete(void* piece, std::size_t) noexcept { give_back(piece); }
void operator delete[](void* piece, std::size_t) noexcept { give_back(piece); }
