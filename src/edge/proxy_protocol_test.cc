#include "edge/proxy_protocol.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace slipway::edge {
namespace {

using Kind = ProxyHeader::Kind;
const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string binary(char version_command, char family, const std::string& body) {
  return kSignature + version_command + family + static_cast<char>(body.size() >> 8) +
         static_cast<char>(body.size() & 255) + body;
}
const std::string kFour("\x0a\x01\x02\x03\x7f\0\0\1\x30\x39\0\x50", 12);  // 10.1.2.3:12345
const std::string kSix = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + '\5' +
                         std::string(16, '\1') + std::string("\x30\x39\0\x50", 4);

std::string named(const std::string& bytes) {
  const ProxyHeader header = parse_proxy_header(bytes);
  return header.kind == Kind::Named ? to_text(header.client) : "-";
}

TEST(ProxyProtocol, ReadsLines) {
  EXPECT_EQ(named("PROXY TCP4 10.1.2.3 127.0.0.1 12345 80\r\nGET"), "10.1.2.3:12345");
  EXPECT_EQ(named("PROXY TCP6 2001:db8::5 ::1 0 65535\r\n"), "[2001:db8::5]:0");
  EXPECT_EQ(parse_proxy_header("PROXY TCP4 10.1.2.3 127.0.0.1 1 80\r\nGET").size, 36U);
  EXPECT_EQ(parse_proxy_header("PROXY UNKNOWN\r\n").kind, Kind::Unnamed);
  EXPECT_EQ(parse_proxy_header("PROXY UNKNOWN what ever it says\r\n").kind, Kind::Unnamed);
}

TEST(ProxyProtocol, ReadsBinary) {
  EXPECT_EQ(named(binary('\x21', '\x11', kFour)), "10.1.2.3:12345");
  EXPECT_EQ(named(binary('\x21', '\x21', kSix)), "[2001:db8::5]:12345");
  const std::string with_tlv = binary('\x21', '\x11', kFour + std::string("\x04\0\2ab", 5));
  EXPECT_EQ(named(with_tlv + "GET"), "10.1.2.3:12345");
  EXPECT_EQ(parse_proxy_header(with_tlv + "GET").size, with_tlv.size());
  for (const std::string& bytes : {
           binary('\x20', '\0', ""),                       // LOCAL
           binary('\x20', '\x11', kFour),                  // LOCAL with addresses: not ours
           binary('\x21', '\0', ""),                       // UNSPEC
           binary('\x21', '\x31', std::string(216, 'u')),  // a unix socket
           binary('\x21', '\x12', kFour),                  // a datagram
       }) {
    const ProxyHeader header = parse_proxy_header(bytes);
    EXPECT_EQ(header.kind, Kind::Unnamed);
    EXPECT_EQ(header.size, bytes.size());
  }
}

TEST(ProxyProtocol, RefusesWhatIsNotExactlyIt) {
  for (const std::string& bytes : {
           std::string("GET / HTTP/1.1\r\n"),
           std::string("PROXY TCP4 10.1.2.3 127.0.0.1 1 80 \r\n"),
           std::string("PROXY  TCP4 10.1.2.3 127.0.0.1 1 80\r\n"),
           std::string("PROXY TCP4 10.1.2.3 127.0.0.1 1\r\n"),
           std::string("PROXY TCP4 10.1.2.3 127.0.0.1 01 80\r\n"),
           std::string("PROXY TCP4 10.1.2.3 127.0.0.1 1 65536\r\n"),
           std::string("PROXY TCP4 10.1.2.3 127.0.0.1 +1 80\r\n"),
           std::string("PROXY TCP4 10.1.2.03 127.0.0.1 1 80\r\n"),
           std::string("PROXY TCP4 ::1 ::1 1 80\r\n"),
           std::string("PROXY TCP6 10.1.2.3 127.0.0.1 1 80\r\n"),
           std::string("PROXY TCP5 10.1.2.3 127.0.0.1 1 80\r\n"),
           std::string("PROXY\tTCP4 10.1.2.3 127.0.0.1 1 80\r\n"),
           std::string("PROXY TCP4 10.1.2.3 127.0.0.1 1 80\n"),
           std::string("PROXY \r\n"),
           std::string("PROXY UNKNOWN\rx\r\n"),
           "PROXY UNKNOWN " + std::string(100, 'x') + "\r\n",
           "PROXY UNKNOWN " + std::string(100, 'x'),
           std::string("\r\n\r\n\r\n\r\n\r\n\r\n"),
           binary('\x11', '\x11', kFour),
           binary('\x22', '\x11', kFour),
           binary('\x21', '\x41', kFour),
           binary('\x21', '\x13', kFour),
           binary('\x21', '\x11', kFour.substr(1)),
           binary('\x21', '\x21', kFour),
           binary('\x21', '\x11', kFour + std::string(5000, 't')),
       })
    EXPECT_EQ(parse_proxy_header(bytes).kind, Kind::Refused) << bytes;
}

TEST(ProxyProtocol, AsksForMoreAtEveryByteAndThenAgrees) {
  for (const std::string& bytes : {
           std::string("PROXY TCP4 10.1.2.3 127.0.0.1 12345 80\r\n"),
           binary('\x21', '\x11', kFour + std::string("\x04\0\2ab", 5)),
       }) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_EQ(parse_proxy_header(bytes.substr(0, size)).kind, Kind::NeedMore) << size;
    EXPECT_EQ(named(bytes), "10.1.2.3:12345");
  }
}

TEST(ProxyProtocol, AnyBytesAtAllAreReadWithinTheirBounds) {
  std::mt19937 random(1);
  const std::string seeds[] = {"PROXY TCP4 10.1.2.3 127.0.0.1 12345 80\r\n",
                               binary('\x21', '\x21', kSix), binary('\x21', '\x11', kFour)};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = seeds[random() % 3];
    for (unsigned n = random() % 4; n > 0; --n)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    const ProxyHeader header = parse_proxy_header(bytes);
    EXPECT_LE(header.size, bytes.size());
  }
}

}  // namespace
}  // namespace slipway::edge
