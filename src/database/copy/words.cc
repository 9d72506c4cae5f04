#include "database/copy/words.h"

#include <array>

namespace slipway::database::copy {
namespace {
constexpr auto kFirstNames = std::to_array<std::string_view>(
    {"Ada",    "Adam",   "Agnes",  "Aisha",   "Alba",  "Alex",  "Alice",  "Amir",    "Ana",
     "Anders", "Andrea", "Anna",   "Anton",   "Aria",  "Arjun", "Astrid", "Ben",     "Bianca",
     "Bruno",  "Carla",  "Carlos", "Cecilia", "Chen",  "Chloe", "Clara",  "Daniel",  "Daria",
     "David",  "Diego",  "Dina",   "Elena",   "Elias", "Elif",  "Elsa",   "Emil",    "Emma",
     "Erik",   "Esther", "Eva",    "Fatima",  "Felix", "Fiona", "Frida",  "Gabriel", "Greta",
     "Hana",   "Hannah", "Hugo",   "Ida",     "Igor",  "Ines",  "Irene",  "Isabel",  "Ivan",
     "Jakob",  "Jana",   "Jan",    "Jasmin",  "Joana", "Jonas", "Julia",  "Kai",     "Karin",
     "Katja",  "Kenji",  "Kofi",   "Lara",    "Laura", "Lea",   "Leo",    "Lin",     "Lisa",
     "Luca",   "Lucia",  "Maja",   "Marco",   "Maria", "Marta", "Max",    "Mei",     "Mia",
     "Milan",  "Mina",   "Nadia",  "Nils",    "Nina",  "Noah",  "Nora",   "Olga",    "Oscar",
     "Paul",   "Petra",  "Rania",  "Rosa",    "Samir", "Sara",  "Sofia",  "Tariq",   "Tom",
     "Vera",   "Yara",   "Yuki",   "Zoe"});
constexpr auto kLastNames = std::to_array<std::string_view>(
    {"Abe",       "Ahmed",   "Almeida",  "Andersen", "Bauer",   "Becker",  "Berg",   "Bianchi",
     "Brown",     "Carter",  "Castro",   "Chen",     "Costa",   "Cruz",    "Dahl",   "Diaz",
     "Dubois",    "Evans",   "Fischer",  "Fontana",  "Fraser",  "Garcia",  "Gomez",  "Gruber",
     "Hansen",    "Haddad",  "Hoffmann", "Horvat",   "Huber",   "Ivanova", "Jansen", "Johansson",
     "Jones",     "Kaya",    "Keller",   "Khan",     "Kim",     "Klein",   "Kovacs", "Kowalski",
     "Larsen",    "Laurent", "Lee",      "Lehmann",  "Lopez",   "Marino",  "Martin", "Mayer",
     "Meyer",     "Miller",  "Moreau",   "Moreno",   "Mueller", "Murphy",  "Nagy",   "Nguyen",
     "Nielsen",   "Novak",   "Okafor",   "Olsen",    "Patel",   "Pereira", "Petrov", "Popescu",
     "Reyes",     "Ricci",   "Richter",  "Rossi",    "Roux",    "Santos",  "Sato",   "Schmid",
     "Schneider", "Schulz",  "Silva",    "Singh",    "Smith",   "Sokolov", "Suzuki", "Svensson",
     "Tanaka",    "Taylor",  "Torres",   "Vogel",    "Walker",  "Weber",   "Wilson", "Wolf",
     "Wright",    "Yamada",  "Yilmaz",   "Young",    "Zhang",   "Ziegler"});
constexpr auto kStreets = std::to_array<std::string_view>(
    {"Acorn Street",  "Birch Lane",    "Bridge Street", "Castle Road",  "Cedar Avenue",
     "Chapel Lane",   "Church Street", "Elm Grove",     "Garden Road",  "Harbour Way",
     "Hazel Close",   "High Street",   "Hill Road",     "Lake View",    "Linden Street",
     "Maple Avenue",  "Market Square", "Meadow Lane",   "Mill Road",    "Oak Street",
     "Orchard Way",   "Park Avenue",   "Pine Street",   "River Road",   "School Lane",
     "Spring Street", "Station Road",  "Sunset Drive",  "Tower Street", "Willow Way"});
constexpr auto kCities = std::to_array<std::string_view>(
    {"Ashford", "Brookfield", "Easton", "Fairview", "Greendale", "Kingsbury", "Lakeside",
     "Millbrook", "Newport", "Northfield", "Oakdale", "Riverton", "Springfield", "Stonebridge",
     "Westbrook", "Woodstock"});
constexpr auto kFiller = std::to_array<std::string_view>(
    {"lorem",   "ipsum",  "dolor",  "sit",     "amet",    "consectetur", "adipiscing",
     "elit",    "sed",    "do",     "eiusmod", "tempor",  "incididunt",  "ut",
     "labore",  "et",     "dolore", "magna",   "aliqua",  "enim",        "ad",
     "minim",   "veniam", "quis",   "nostrud", "ullamco", "laboris",     "nisi",
     "aliquip", "ex",     "ea",     "commodo"});

template <class Words>
std::string_view pick(const Words& words, std::uint64_t number) {
  return words[number % words.size()];
}
}  // namespace

std::string_view first_name(std::uint64_t number) { return pick(kFirstNames, number); }
std::string_view last_name(std::uint64_t number) { return pick(kLastNames, number); }
std::string_view street_name(std::uint64_t number) { return pick(kStreets, number); }
std::string_view city_name(std::uint64_t number) { return pick(kCities, number); }
std::string_view filler_word(std::uint64_t number) { return pick(kFiller, number); }

}  // namespace slipway::database::copy
