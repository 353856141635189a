#ifndef EMOSTAGE_SESSION_STORE_SEALER_H_
#define EMOSTAGE_SESSION_STORE_SEALER_H_

#include <optional>
#include <string>
#include <string_view>

#include "session/store/secret_key.h"

namespace emostage {

// Encrypts texts and makes what they are looked up by. Thread-safe: nothing changes once made.
class Sealer {
 public:
  // Derives its own keys; `master` may go.
  explicit Sealer(const SecretKey& master);

  // XChaCha20-Poly1305: a random nonce of 24 bytes, then the text's bytes encrypted, then a tag of
  // 16 bytes. `place` is not kept, but the same one is needed to open: what is moved to another
  // place in the file opens no more.
  [[nodiscard]] std::string Seal(std::string_view text, std::string_view place) const;
  // Nothing where the key or the place is another, or a bit has changed.
  [[nodiscard]] std::optional<std::string> Open(std::string_view sealed,
                                                std::string_view place) const;

  // 32 bytes that are the same for the same text and `kind`, and tell nothing to those without the
  // key but that.
  [[nodiscard]] std::string LookupHash(std::string_view kind, std::string_view text) const;

 private:
  SecretKey sealing_;
  SecretKey looking_up_;
};

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_SEALER_H_
