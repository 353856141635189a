#ifndef EMOSTAGE_SERVE_HTTP_TRANSPORT_H_
#define EMOSTAGE_SERVE_HTTP_TRANSPORT_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/strand.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace emostage {

using HttpStrand = boost::asio::strand<boost::asio::io_context::executor_type>;
using HttpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, HttpStrand>;

// Bytes over TCP or TLS: one type for both, so that nothing above is compiled twice.
//
// To be used on its strand only, where its callbacks come too. At most one Read and one Write at a
// time. What is passed in must live until the callback has come; after Close it comes with an
// error.
class Transport {
 public:
  using Done = std::function<void(boost::system::error_code)>;
  using Moved = std::function<void(boost::system::error_code, std::size_t)>;

  virtual ~Transport() = default;

  virtual void Handshake(Done done) = 0;
  // At least one byte, or an error; IsEnd() tells an orderly end.
  virtual void Read(std::span<char> buffer, Moved done) = 0;
  // At least one byte, perhaps not all.
  virtual void Write(std::string_view bytes, Moved done) = 0;
  // Tells the other side that no more comes. A Read may be under way.
  virtual void Finish(Done done) = 0;
  virtual void Close() = 0;

  [[nodiscard]] virtual HttpStrand strand() = 0;
  [[nodiscard]] virtual std::string peer() const = 0;  // the address without port
  [[nodiscard]] virtual bool secure() const = 0;
};

[[nodiscard]] bool IsEnd(boost::system::error_code error);

// `tls` null: plain TCP.
[[nodiscard]] std::unique_ptr<Transport> MakeTransport(HttpSocket socket,
                                                       boost::asio::ssl::context* tls);

// Throws Error(kIo) for files that cannot be read or do not belong together.
[[nodiscard]] std::unique_ptr<boost::asio::ssl::context> MakeTls(
    const std::string& certificate_file, const std::string& key_file);

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_HTTP_TRANSPORT_H_
