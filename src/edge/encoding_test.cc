// Which coding a client gets, which responses are encoded, and what their heads say then.
#include "edge/encoding.h"

#include <gtest/gtest.h>

#include "edge/table.h"

namespace slipway::edge {
namespace {

const std::vector<Coding> kAll{Coding::Zstd, Coding::Brotli, Coding::Gzip};

std::string chosen(const std::string& fields, const std::vector<Coding>& offered = kAll) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
  const auto parsed = http::parse_request_head(bytes);
  EXPECT_EQ(parsed.parsed, http::Parsed::Complete) << fields;
  const auto coding = choose_coding(parsed.head.headers, offered);
  return coding ? std::string(name_of(*coding)) : "identity";
}

std::string accepting(const std::string& value) {
  return chosen("Accept-Encoding: " + value + "\r\n");
}

TEST(AcceptEncoding, WithoutItNothingIsEncoded) {
  EXPECT_EQ(chosen(""), "identity");
  EXPECT_EQ(accepting(""), "identity");
  EXPECT_EQ(accepting(" , ,, "), "identity");
}

TEST(AcceptEncoding, TheOffersOrderDecidesBetweenEquals) {
  EXPECT_EQ(accepting("gzip, deflate, br, zstd"), "zstd");
  EXPECT_EQ(accepting("gzip, deflate, br"), "br");
  EXPECT_EQ(accepting("gzip"), "gzip");
  EXPECT_EQ(chosen("Accept-Encoding: gzip, br\r\n", {Coding::Gzip, Coding::Brotli}), "gzip");
  EXPECT_EQ(chosen("Accept-Encoding: br\r\n", {Coding::Gzip}), "identity");
}

TEST(AcceptEncoding, TheHighestQualityComesFirst) {
  EXPECT_EQ(accepting("br;q=0.5, gzip;q=0.8, zstd;q=0.1"), "gzip");
  EXPECT_EQ(accepting("br;q=0.999,gzip;q=1.000"), "gzip");
  EXPECT_EQ(accepting("gzip ; q=0.3 , br\t;\tq=0.31"), "br");
  EXPECT_EQ(accepting("gzip;Q=0.9, br;q=0.5"), "gzip");
}

TEST(AcceptEncoding, ZeroIsNotAcceptable) {
  EXPECT_EQ(accepting("zstd;q=0, br;q=0.0, gzip;q=0.001"), "gzip");
  EXPECT_EQ(accepting("gzip;q=0"), "identity");
  EXPECT_EQ(accepting("*;q=0, gzip"), "gzip");
}

TEST(AcceptEncoding, AStarStandsForWhatIsNotNamed) {
  EXPECT_EQ(accepting("*"), "zstd");
  EXPECT_EQ(accepting("zstd;q=0, *"), "br");
  EXPECT_EQ(accepting("gzip;q=1.0, *;q=0.5"), "gzip");
  EXPECT_EQ(accepting("*;q=0"), "identity");
}

TEST(AcceptEncoding, IdentityMayBePreferred) {
  EXPECT_EQ(accepting("identity;q=1, gzip;q=0.5"), "identity");
  EXPECT_EQ(accepting("gzip;q=0.5, identity"), "identity");
  EXPECT_EQ(accepting("identity;q=0.5, gzip"), "gzip");
  EXPECT_EQ(accepting("identity, gzip"), "gzip") << "equals: encoding saves bytes";
  EXPECT_EQ(accepting("identity;q=0, gzip;q=0"), "identity") << "rather that than 406";
}

TEST(AcceptEncoding, WhatIsNotAQualityIsNotSaid) {
  for (const char* bad : {"gzip;q=", "gzip;q=2", "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=-1",
                          "gzip;q=x", "gzip;level=9", "gzip;q", "gzip;", "gz ip", "gzip;q=01"})
    EXPECT_EQ(accepting(bad), "identity") << bad;
  EXPECT_EQ(accepting("gzip;q=x, br;q=0.5"), "br");
}

TEST(AcceptEncoding, NamesAreFreeInCaseAndSeveralFieldsAreOne) {
  EXPECT_EQ(accepting("GZip"), "gzip");
  EXPECT_EQ(accepting("x-gzip"), "gzip");
  EXPECT_EQ(chosen("accept-encoding: zstd;q=0\r\nACCEPT-ENCODING: br\r\n"), "br");
  EXPECT_EQ(accepting("gzipped, abr, zst"), "identity");
}

TEST(AcceptEncoding, ARequestMayForbidTransforming) {
  EXPECT_EQ(chosen("Accept-Encoding: gzip\r\nCache-Control: max-age=0, No-Transform\r\n"),
            "identity");
}

const std::vector<std::string> kTypes = Compress().types;

TEST(CompressibleType, TheDefaultsTakeTextAndLeaveWhatIsCompressedAlready) {
  for (const char* type :
       {"text/html; charset=utf-8", "TEXT/CSS", "application/json", "application/ld+json ; a=b",
        "image/svg+xml", "application/wasm", "application/javascript", "application/xhtml+xml"})
    EXPECT_TRUE(is_compressible_type(type, kTypes)) << type;
  for (const char* type : {"", "image/png", "application/zip", "video/mp4", "text", "application",
                           "application/octet-stream", "font/woff2", "xtext/html"})
    EXPECT_FALSE(is_compressible_type(type, kTypes)) << type;
}

TEST(CompressibleType, EventsAreNever) {
  EXPECT_FALSE(is_compressible_type("text/event-stream", kTypes));
  EXPECT_FALSE(is_compressible_type("Text/Event-Stream;charset=utf-8", {"text/event-stream"}));
}

struct Response {
  std::string bytes;
  http::ResponseHead head;
  Response(const std::string& start, const std::string& fields, const std::string& method = "GET")
      : bytes("HTTP/1.1 " + start + "\r\n" + fields + "\r\n") {
    auto parsed = http::parse_response_head(bytes, method);
    EXPECT_EQ(parsed.parsed, http::Parsed::Complete) << bytes;
    head = parsed.head;
  }
};

Compressible verdict(const std::string& start, const std::string& fields,
                     Method method = Method::Other) {
  const Response response(start, fields, method == Method::Head ? "HEAD" : "GET");
  return compressible(response.head, method, Compress());
}

const std::string kHtml = "Content-Type: text/html\r\n";
const std::string kLong = kHtml + "Content-Length: 1024\r\n";

TEST(CompressibleResponse, LongTextIs) {
  EXPECT_EQ(verdict("200 OK", kLong), Compressible::Body);
  EXPECT_EQ(verdict("404 Not Found", kLong), Compressible::Body);
  EXPECT_EQ(verdict("200 OK", kHtml + "Transfer-Encoding: chunked\r\n"), Compressible::Body);
  EXPECT_EQ(verdict("200 OK", kHtml), Compressible::Body) << "until it closes";
}

TEST(CompressibleResponse, ShortOrOtherContentIsNot) {
  EXPECT_EQ(verdict("200 OK", kHtml + "Content-Length: 1023\r\n"), Compressible::No);
  EXPECT_EQ(verdict("200 OK", "Content-Type: image/png\r\nContent-Length: 5000\r\n"),
            Compressible::No);
  EXPECT_EQ(verdict("200 OK", "Content-Length: 5000\r\n"), Compressible::No) << "no type";
}

TEST(CompressibleResponse, WhatIsPartialEmptyOrSealedIsNot) {
  EXPECT_EQ(verdict("206 Partial Content", kLong + "Content-Range: bytes 0-1023/2000\r\n"),
            Compressible::No);
  EXPECT_EQ(verdict("204 No Content", kHtml), Compressible::No);
  EXPECT_EQ(verdict("205 Reset Content", kLong), Compressible::No);
  for (const char* field :
       {"Content-Encoding: br\r\n", "Cache-Control: public, no-transform\r\n", "Content-MD5: x\r\n",
        "Digest: sha-256=x\r\n", "Repr-Digest: sha-256=:x:\r\n", "Content-Digest: sha-256=:x:\r\n",
        "Content-Range: bytes 0-1/2\r\n"})
    EXPECT_EQ(verdict("200 OK", kLong + field), Compressible::No) << field;
}

TEST(CompressibleResponse, HeadAndNotModifiedHaveOnlyTheirHead) {
  EXPECT_EQ(verdict("200 OK", kLong, Method::Head), Compressible::Head);
  EXPECT_EQ(verdict("200 OK", kHtml, Method::Head), Compressible::Head);
  EXPECT_EQ(verdict("200 OK", kHtml + "Content-Length: 10\r\n", Method::Head), Compressible::No);
  EXPECT_EQ(verdict("304 Not Modified", "ETag: \"a\"\r\n"), Compressible::Head);
}

std::string rewritten(const std::string& fields, std::optional<Coding> coding,
                      const std::string& start = "200 OK") {
  const Response response(start, fields);
  std::string buffer;
  http::ResponseHead out;
  rewrite_encoded_head(response.head, coding, buffer, out);
  std::string text;
  for (const http::Header& header : out.headers)
    text += std::string(header.name()) + ": " + std::string(header.value()) + "\n";
  return text;
}

TEST(EncodedHead, NamesTheCodingAndLosesWhatIsOfTheOldBytes) {
  EXPECT_EQ(rewritten("Content-Type: text/css\r\nContent-Length: 9000\r\nAccept-Ranges: bytes\r\n"
                      "ETag: \"abc\"\r\nX-Own: 1\r\n",
                      Coding::Brotli),
            "Content-Type: text/css\nX-Own: 1\nETag: W/\"abc\"\nContent-Encoding: br\n"
            "Vary: Accept-Encoding\n");
}

TEST(EncodedHead, ATagThatIsWeakStaysAndVaryIsNotSaidTwice) {
  EXPECT_EQ(rewritten("ETag: W/\"abc\"\r\nVary: Origin, accept-encoding\r\n", Coding::Zstd),
            "ETag: W/\"abc\"\nVary: Origin, accept-encoding\nContent-Encoding: zstd\n");
  EXPECT_EQ(rewritten("Vary: *\r\n", Coding::Gzip), "Vary: *\nContent-Encoding: gzip\n");
  EXPECT_EQ(rewritten("Vary: Origin\r\n", Coding::Gzip),
            "Vary: Origin\nContent-Encoding: gzip\nVary: Accept-Encoding\n");
}

TEST(EncodedHead, WithoutACodingOnlyVaryIsNew) {
  EXPECT_EQ(rewritten("ETag: \"abc\"\r\nContent-Length: 2000\r\n", std::nullopt),
            "ETag: \"abc\"\nContent-Length: 2000\nVary: Accept-Encoding\n");
}

TEST(EncodedHead, NotModifiedTellsTheWeakTagAndNoCoding) {
  EXPECT_EQ(rewritten("ETag: \"abc\"\r\n", Coding::Gzip, "304 Not Modified"),
            "ETag: W/\"abc\"\nVary: Accept-Encoding\n");
}

std::string refusal(const std::string& text) {
  Compress compress;
  const auto read = read_compress(Json::parse(text).value(), compress);
  return read ? "" : read.error().what;
}

TEST(CompressRules, AreReadStrictly) {
  Compress compress;
  ASSERT_TRUE(read_compress(Json::parse("{\"algorithms\": [\"br\", \"gzip\"], \"min_bytes\": 0, "
                                        "\"types\": [\"text/*\", \"*+json\", \"a/b\"], "
                                        "\"br_level\": 0, \"gzip_level\": 9, \"zstd_level\": 1}")
                                .value(),
                            compress));
  EXPECT_EQ(compress.algorithms, (std::vector<Coding>{Coding::Brotli, Coding::Gzip}));
  EXPECT_EQ(compress.min_bytes, 0);
  EXPECT_EQ(compress.levels.brotli, 0);
  Compress again;
  ASSERT_TRUE(read_compress(to_json(compress), again));
  EXPECT_EQ(again, compress);
  for (const char* bad :
       {"{\"algorithms\": [\"deflate\"]}", "{\"algorithms\": [\"gzip\", \"gzip\"]}",
        "{\"algorithms\": \"gzip\"}", "{\"level\": 1}", "{\"gzip_level\": 0}",
        "{\"zstd_level\": 10}", "{\"types\": [\"*/*\"]}", "{\"types\": [\"text\"]}",
        "{\"types\": [\"te xt/a\"]}", "{\"min_bytes\": -1}"})
    EXPECT_NE(refusal(bad), "") << bad;
}

TEST(CompressRules, ThereIsNoCompressionUnlessAsked) { EXPECT_TRUE(Compress().algorithms.empty()); }

}  // namespace
}  // namespace slipway::edge
