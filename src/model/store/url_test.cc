#include "model/store/url.h"

#include <gtest/gtest.h>

#include <string>

namespace emostage::model_store {
namespace {

TEST(UrlTest, AcceptsHttpsAnywhereAndHttpOnThisMachine) {
  EXPECT_EQ(UrlProblem("https://example.org/model.gguf"), "");
  EXPECT_EQ(UrlProblem("http://127.0.0.1:8000/model.gguf"), "");
  EXPECT_EQ(UrlProblem("http://localhost/model.gguf"), "");
  EXPECT_EQ(UrlProblem("http://[::1]:80/model.gguf"), "");
}

TEST(UrlTest, RefusesTheRest) {
  for (const std::string url :
       {"http://example.org/m", "http://127.0.0.1.example.org/m", "http://localhost.example.org/m",
        "http://127.0.0.1@example.org/m", "ftp://example.org/m", "file:///etc/passwd",
        "example.org/m", "", "https://", "https://exa mple.org/m", "https://example.org/a\nb"}) {
    EXPECT_NE(UrlProblem(url), "") << url;
  }
}

TEST(UrlTest, RedirectsStayEncryptedAndDoNotTurnInwards) {
  EXPECT_TRUE(RedirectAllowed("https://a.org/m", "https://b.org/m"));
  EXPECT_TRUE(RedirectAllowed("http://127.0.0.1/m", "http://127.0.0.1:99/m"));
  EXPECT_TRUE(RedirectAllowed("http://127.0.0.1/m", "https://b.org/m"));
  EXPECT_FALSE(RedirectAllowed("https://a.org/m", "http://b.org/m"));
  EXPECT_FALSE(RedirectAllowed("http://127.0.0.1/m", "http://b.org/m"));
  EXPECT_FALSE(RedirectAllowed("https://a.org/m", "http://127.0.0.1/m"));
  EXPECT_FALSE(RedirectAllowed("https://a.org/m", "https://localhost/m"));
}

TEST(UrlTest, ShowsNoSecret) {
  EXPECT_EQ(RedactUrl("https://user:pass@example.org:444/a/b.gguf?token=s3cret&x#frag"),
            "https://example.org:444/a/b.gguf?token=***&***");
  EXPECT_EQ(RedactUrl("https://example.org/a/b.gguf"), "https://example.org/a/b.gguf");
  EXPECT_EQ(RedactUrl("https://user:pass@bad host/"), "(an address that cannot be read)");
}

TEST(UrlTest, FindsCredentials) {
  EXPECT_TRUE(HasCredentials("https://user:pass@example.org/m"));
  EXPECT_TRUE(HasCredentials("https://user@example.org/m"));
  EXPECT_FALSE(HasCredentials("https://example.org/user:pass@m"));
}

TEST(UrlTest, TakesTheFileNameFromThePath) {
  EXPECT_EQ(FileNameOfUrl("https://example.org/a/b.gguf?download=true"), "b.gguf");
  EXPECT_EQ(FileNameOfUrl("https://example.org/a/b%20c.gguf"), "b c.gguf");
  EXPECT_EQ(FileNameOfUrl("https://example.org/a/"), "");
  EXPECT_EQ(FileNameOfUrl("https://example.org/a/..%2f..%2fb.gguf"), "");
  EXPECT_EQ(FileNameOfUrl("https://example.org/a/.hidden.gguf"), "");
  EXPECT_EQ(FileNameOfUrl("https://example.org/a/b%00.gguf"), "");
}

}  // namespace
}  // namespace emostage::model_store
