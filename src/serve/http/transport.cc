#include "serve/http/transport.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using boost::system::system_error;

std::string AddressOf(const HttpSocket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  const asio::ip::address address = endpoint.address();
  // A socket for both families shows IPv4 in the clothes of IPv6.
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(HttpSocket socket)
      : socket_(std::move(socket)), peer_(AddressOf(socket_)) {}

  void Handshake(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)] { done({}); });
  }
  void Read(std::span<char> buffer, Moved done) override {
    socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), std::move(done));
  }
  void Write(std::string_view bytes, Moved done) override {
    socket_.async_write_some(asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }
  void Finish(Done done) override {
    error_code error;
    socket_.shutdown(HttpSocket::shutdown_send, error);
    asio::post(socket_.get_executor(), [done = std::move(done), error] { done(error); });
  }
  void Close() override {
    error_code ignored;
    socket_.close(ignored);
  }
  HttpStrand strand() override { return socket_.get_executor(); }
  std::string peer() const override { return peer_; }
  bool secure() const override { return false; }

 private:
  HttpSocket socket_;
  const std::string peer_;
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(HttpSocket socket, ssl::context& tls)
      : strand_(socket.get_executor()), stream_(std::move(socket), tls) {
    peer_ = AddressOf(stream_.next_layer());
  }

  void Handshake(Done done) override {
    stream_.async_handshake(ssl::stream_base::server, std::move(done));
  }
  void Read(std::span<char> buffer, Moved done) override {
    stream_.async_read_some(asio::buffer(buffer.data(), buffer.size()), std::move(done));
  }
  void Write(std::string_view bytes, Moved done) override {
    stream_.async_write_some(asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }
  // Its callback comes only with the other side's farewell, or with Close.
  void Finish(Done done) override { stream_.async_shutdown(std::move(done)); }
  void Close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }
  HttpStrand strand() override { return strand_; }
  std::string peer() const override { return peer_; }
  bool secure() const override { return true; }

 private:
  HttpStrand strand_;
  ssl::stream<HttpSocket> stream_;
  std::string peer_;
};

[[noreturn]] void Unreadable(const std::string& what, const std::string& file,
                             const std::string& remedy) {
  throw Error(ErrorCode::kIo, "cannot read the " + what + " " + file, remedy);
}

}  // namespace

bool IsEnd(error_code error) {
  return error == asio::error::eof || error == ssl::error::stream_truncated;
}

std::unique_ptr<Transport> MakeTransport(HttpSocket socket, ssl::context* tls) {
  if (tls == nullptr) return std::make_unique<PlainTransport>(std::move(socket));
  return std::make_unique<TlsTransport>(std::move(socket), *tls);
}

std::unique_ptr<ssl::context> MakeTls(const std::string& certificate_file,
                                      const std::string& key_file) {
  auto tls = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = tls->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle stream must not hold buffers that only a busy one needs.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  error_code error;
  // Nobody sits there to be asked.
  tls->set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  tls->use_certificate_chain_file(certificate_file, error);
  if (error) {
    Unreadable("certificate", certificate_file,
               "give a file with the certificate, and those that vouch for it, in PEM");
  }
  tls->use_private_key_file(key_file, ssl::context::pem, error);
  if (error) {
    Unreadable("key", key_file,
               "give a file with the certificate's own private key in PEM, without a password");
  }
  return tls;
}

}  // namespace emostage
