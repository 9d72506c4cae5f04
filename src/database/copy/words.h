#pragma once
// The words that names, addresses and texts are made of. No list of real people: the commonest
// first and last names of several countries, and the filler text of printers.
#include <cstdint>
#include <string_view>

namespace slipway::database::copy {
// Any number picks a word.
std::string_view first_name(std::uint64_t number);
std::string_view last_name(std::uint64_t number);
std::string_view street_name(std::uint64_t number);
std::string_view city_name(std::uint64_t number);
std::string_view filler_word(std::uint64_t number);
}  // namespace slipway::database::copy
