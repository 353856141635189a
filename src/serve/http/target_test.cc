#include "serve/http/target.h"

#include <gtest/gtest.h>

namespace emostage {
namespace {

TEST(HttpTargetTest, PathIsDecodedAndQueryKept) {
  const auto target = ParseTarget("/talks/%E4%BD%A0%E5%A5%BD/a%20b?x=%41+b");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/talks/你好/a b");
  EXPECT_EQ(target->query, "x=%41+b");
}

TEST(HttpTargetTest, FormForProxiesIsUnderstood) {
  EXPECT_EQ(ParseTarget("http://host:8080/a?b")->path, "/a");
  EXPECT_EQ(ParseTarget("http://host")->path, "/");
  EXPECT_EQ(ParseTarget("https://host?q=1")->query, "q=1");
}

TEST(HttpTargetTest, WhatLooksLikeTraversalIsNoPath) {
  for (const char* target :
       {"/..", "/../etc/passwd", "/a/../b", "/a/..", "/a/./b", "/.", "/%2e%2e/b", "/%2E./b",
        "/.%2e", "/a/%2e", "/a%2f..%2fb", "/a%2Fb", "/..%5cb", "/a\\b", "http://host/../a"}) {
    EXPECT_FALSE(ParseTarget(target)) << target;
  }
}

TEST(HttpTargetTest, DotsWithinANameAreHarmless) {
  for (const char* target : {"/a..b", "/...", "/.well-known/x", "/a.b", "/a?../..", "//", "/"}) {
    EXPECT_TRUE(ParseTarget(target)) << target;
  }
}

TEST(HttpTargetTest, BytesThatAreNoTextAreNoPath) {
  for (const char* target : {"/%00", "/a%0d%0aB", "/%7f", "/%ff", "/%c0%ae", "/%ed%a0%80", "/%",
                             "/%4", "/%zz", "/\xff", "", "*", "a", "host:80", "/a#b"}) {
    EXPECT_FALSE(ParseTarget(target)) << target;
  }
}

TEST(HttpTargetTest, ParametersAreFoundAndDecoded) {
  const char* query = "a=1&b=%E4%BD%A0+x&empty=&bare&a=2&%63=3&odd=100%&bad=%ff";
  EXPECT_EQ(QueryParameter(query, "a"), "1");
  EXPECT_EQ(QueryParameter(query, "b"), "你 x");
  EXPECT_EQ(QueryParameter(query, "empty"), "");
  EXPECT_EQ(QueryParameter(query, "bare"), "");
  EXPECT_EQ(QueryParameter(query, "c"), "3");
  EXPECT_EQ(QueryParameter(query, "odd"), "100%");
  EXPECT_EQ(QueryParameter(query, "bad"), "\xef\xbf\xbd");
  EXPECT_EQ(QueryParameter(query, "none"), std::nullopt);
  EXPECT_EQ(QueryParameter("", ""), std::nullopt);
}

}  // namespace
}  // namespace emostage
