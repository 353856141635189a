#ifndef EMOSTAGE_MODEL_STORE_SHA256_H_
#define EMOSTAGE_MODEL_STORE_SHA256_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

namespace emostage {

// SHA-256 of bytes that arrive in pieces. One object serves one thread at a time.
class Sha256 {
 public:
  // All of these throw Error(kInternal) when the crypto library refuses, which it does only when
  // it is out of memory or built without SHA-256.
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(std::string_view bytes);

  // The digest of everything so far, 64 lower-case hex digits. May be asked at any time, and more
  // bytes may follow.
  [[nodiscard]] std::string HexDigest() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The digest of a whole file. Throws Error(kIo) when it cannot be read, Error(kCancelled) soon
// after `stop` is requested.
[[nodiscard]] std::string Sha256File(const std::filesystem::path& path,
                                     const std::stop_token& stop = {});

// Whether `text` is 64 hex digits, of either case.
[[nodiscard]] bool IsSha256Hex(std::string_view text);

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_STORE_SHA256_H_
