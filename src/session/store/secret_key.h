#ifndef EMOSTAGE_SESSION_STORE_SECRET_KEY_H_
#define EMOSTAGE_SESSION_STORE_SECRET_KEY_H_

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "session/store/store.h"

namespace emostage {

// 32 bytes nobody else should see: in memory that is kept out of swap where the system allows it,
// and overwritten when it is given back.
class SecretKey {
 public:
  static constexpr std::size_t kBytes = 32;

  SecretKey();  // all zero

  [[nodiscard]] unsigned char* data() { return bytes_.get(); }
  [[nodiscard]] const unsigned char* data() const { return bytes_.get(); }

 private:
  struct Free {
    void operator()(unsigned char* bytes) const;
  };
  std::unique_ptr<unsigned char, Free> bytes_;
};

// A store's key and where it came from, for messages: "$EMOSTAGE_STORE_KEY" or a file's name.
struct FoundKey {
  SecretKey key;
  std::string source;
  bool beside = false;  // it is FILE.key
};

// FILE.key
[[nodiscard]] std::filesystem::path KeyFileBeside(const std::filesystem::path& file);

// The key that `options` name. FILE.key is made, and is on the disk when this returns, where there
// is none and `may_make`. Throws Error(kIo) for a key that is missing, malformed, or readable by
// others.
[[nodiscard]] FoundKey FindKey(const SqliteOptions& options, bool may_make);

// Writes a key file that only its owner may read. False: there is one of that name.
[[nodiscard]] bool WriteKeyFile(const std::filesystem::path& path, const SecretKey& key);

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_SECRET_KEY_H_
