// The same over TLS, with a certificate of this test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>

#include "emostage/error.h"
#include "serve/http/testing.h"

namespace emostage {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* thing) const {
    kFree(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Freed<SSL_free>>;
using File = std::unique_ptr<FILE, Freed<fclose>>;

// A key and a certificate signed by itself, in files that go with the object.
struct Identity {
  Identity() {
    std::string name = ::testing::TempDir() + "emostage_tls_XXXXXX";
    folder = mkdtemp(name.data());
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    const Certificate certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* const subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    PEM_write_X509(File(fopen(certificate_file().c_str(), "w")).get(), certificate.get());
    PEM_write_PrivateKey(File(fopen(key_file().c_str(), "w")).get(), key.get(), nullptr, nullptr, 0,
                         nullptr, nullptr);
    std::string word = "secret";
    PEM_write_PrivateKey(File(fopen(locked_key_file().c_str(), "w")).get(), key.get(),
                         EVP_aes_256_cbc(), nullptr, 0, nullptr, word.data());
  }
  ~Identity() { std::filesystem::remove_all(folder); }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  std::string certificate_file() const { return folder + "/certificate.pem"; }
  std::string key_file() const { return folder + "/key.pem"; }
  std::string locked_key_file() const { return folder + "/locked.pem"; }

  std::string folder;
};

HttpOptions Secure(const Identity& identity) {
  HttpOptions options = Quick();
  options.certificate_file = identity.certificate_file();
  options.key_file = identity.key_file();
  return options;
}

class TlsClient {
 public:
  explicit TlsClient(int port, int newest = TLS1_3_VERSION)
      : client_(port), context_(SSL_CTX_new(TLS_client_method())), tls_(SSL_new(context_.get())) {
    SSL_set_security_level(tls_.get(), 0);  // else OpenSSL itself would not speak the old versions
    SSL_set_min_proto_version(tls_.get(), TLS1_VERSION);
    SSL_set_max_proto_version(tls_.get(), newest);
    SSL_set_fd(tls_.get(), client_.fd());
    connected_ = SSL_connect(tls_.get()) == 1;
  }
  bool connected() const { return connected_; }
  bool Send(const std::string& bytes) {
    return SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  std::string ReadUntil(std::string_view mark) {
    std::string heard;
    char byte = 0;
    while (!heard.ends_with(mark) && SSL_read(tls_.get(), &byte, 1) == 1) heard += byte;
    return heard;
  }
  // Whether the server said farewell, as it must so that an end is no accident.
  bool EndsInOrder() {
    char byte = 0;
    const int got = SSL_read(tls_.get(), &byte, 1);
    return SSL_get_error(tls_.get(), got) == SSL_ERROR_ZERO_RETURN;
  }
  void Close() { client_.Close(); }

 private:
  Client client_;
  Context context_;
  Tls tls_;
  bool connected_ = false;
};

TEST(HttpTlsTest, RequestsAndStreamsAreServed) {
  const Identity identity;
  HttpServer server(Secure(identity),
                    [](const HttpRequest& request, const std::shared_ptr<HttpReply>& reply) {
                      EXPECT_TRUE(request.secure);
                      if (request.path == "/whole")
                        return reply->Send(200, "text/plain", "<" + request.body + ">");
                      reply->Begin(200, "text/plain");
                      for (int i = 0; i < 3; ++i) reply->Write("word");
                      reply->End();
                    });
  EXPECT_THAT(server.url(), HasSubstr("https://"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server.port(), version);
    ASSERT_TRUE(client.connected());
    const std::string body(100'000, 'x');
    ASSERT_TRUE(client.Send(Post("/whole", body)));
    EXPECT_THAT(client.ReadUntil(">"), HasSubstr("<" + body + ">"));
    ASSERT_TRUE(client.Send(Get("/stream", "Connection: close\r\n")));
    EXPECT_THAT(client.ReadUntil("0\r\n\r\n"), HasSubstr("4\r\nword\r\n"));
    EXPECT_TRUE(client.EndsInOrder());
  }
  EXPECT_TRUE(Eventually([&] { return server.stats().connections == 0; }));
}

TEST(HttpTlsTest, LeavingIsNoticed) {
  const Identity identity;
  std::mutex mutex;
  std::shared_ptr<HttpReply> kept;
  HttpServer server(Secure(identity),
                    [&](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
                      reply->Begin(200, "text/plain");
                      const std::lock_guard lock(mutex);
                      kept = reply;
                    });
  TlsClient client(server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  (void)client.ReadUntil("\r\n\r\n");
  client.Close();
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return kept && kept->gone().stop_requested();
  }));
}

TEST(HttpTlsTest, OldVersionsAreRefused) {
  const Identity identity;
  HttpServer server(Secure(identity), [](const HttpRequest&, const std::shared_ptr<HttpReply>&) {});
  EXPECT_FALSE(TlsClient(server.port(), TLS1_1_VERSION).connected());
  EXPECT_TRUE(TlsClient(server.port(), TLS1_2_VERSION).connected());
}

TEST(HttpTlsTest, PlainRequestsNeitherHangNorHarm) {
  const Identity identity;
  HttpOptions options = Secure(identity);
  options.header_timeout = milliseconds(200);
  HttpServer server(options, [](const HttpRequest&, const std::shared_ptr<HttpReply>& reply) {
    reply->Send(200, "text/plain", "served");
  });
  Client plain(server.port());
  (void)plain.Send(Get("/"));
  EXPECT_THAT(plain.ReadToEnd(), Not(HasSubstr("HTTP/1.1 200")));
  Client silent(server.port());  // no handshake ever
  EXPECT_EQ(silent.ReadToEnd(), "");
  TlsClient client(server.port());
  ASSERT_TRUE(client.Send(Get("/")));
  EXPECT_THAT(client.ReadUntil("served"), HasSubstr("served"));
}

TEST(HttpTlsTest, StopEndsConnectionsInAnyState) {
  const Identity identity;
  HttpServer server(Secure(identity), [](const HttpRequest&, const std::shared_ptr<HttpReply>&) {});
  const Client silent(server.port());
  TlsClient idle(server.port());
  ASSERT_TRUE(idle.Send(Get("/")));
  EXPECT_THAT(idle.ReadUntil("}"), HasSubstr("500"));
  EXPECT_TRUE(Eventually([&] { return server.stats().connections == 2; }));
  server.BeginStop();
  EXPECT_TRUE(idle.EndsInOrder());
  idle.Close();
  server.Stop(std::chrono::seconds(60));
  EXPECT_EQ(server.stats().connections, 0U);
}

TEST(HttpTlsTest, CertificatesThatCannotBeUsedAreSaidInALine) {
  const Identity identity;
  const Identity other;
  const std::string missing = identity.folder + "/none.pem";
  const std::string garbage = identity.folder + "/garbage.pem";
  std::ofstream(garbage) << "no certificate";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {missing, identity.key_file()},
      {garbage, identity.key_file()},
      {identity.certificate_file(), missing},
      {identity.certificate_file(), garbage},
      {identity.certificate_file(), other.key_file()},
      {identity.certificate_file(), identity.locked_key_file()},
      {identity.certificate_file(), ""},
      {"", identity.key_file()},
  };
  for (const auto& [certificate, key] : cases) {
    HttpOptions options = Quick();
    options.certificate_file = certificate;
    options.key_file = key;
    try {
      const HttpServer server(options,
                              [](const HttpRequest&, const std::shared_ptr<HttpReply>&) {});
      ADD_FAILURE() << certificate << " " << key;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kIo);
      EXPECT_THAT(error.what(), AllOf(HasSubstr("; give"), Not(HasSubstr("\n"))));
    }
  }
}

}  // namespace
}  // namespace emostage
