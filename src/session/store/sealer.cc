#include "session/store/sealer.h"

#include <sodium.h>

namespace emostage {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(crypto_kdf_KEYBYTES == SecretKey::kBytes);
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == SecretKey::kBytes);

// The two keys are told apart by number and, from those of other programs, by these eight bytes.
constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "emostore";
constexpr uint64_t kSealingKey = 1;
constexpr uint64_t kLookupKey = 2;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

Sealer::Sealer(const SecretKey& master) {
  crypto_kdf_derive_from_key(sealing_.data(), SecretKey::kBytes, kSealingKey, kContext,
                             master.data());
  crypto_kdf_derive_from_key(looking_up_.data(), SecretKey::kBytes, kLookupKey, kContext,
                             master.data());
}

std::string Sealer::Seal(std::string_view text, std::string_view place) const {
  std::string sealed(kNonceBytes + text.size() + kTagBytes, '\0');
  randombytes_buf(sealed.data(), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(Bytes(sealed) + kNonceBytes, nullptr, Bytes(text),
                                             text.size(), Bytes(place), place.size(), nullptr,
                                             Bytes(sealed), sealing_.data());
  return sealed;
}

std::optional<std::string> Sealer::Open(std::string_view sealed, std::string_view place) const {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  std::string text(sealed.size() - kNonceBytes - kTagBytes, '\0');
  const int fault = crypto_aead_xchacha20poly1305_ietf_decrypt(
      Bytes(text), nullptr, nullptr, Bytes(sealed) + kNonceBytes, sealed.size() - kNonceBytes,
      Bytes(place), place.size(), Bytes(sealed), sealing_.data());
  if (fault != 0) return std::nullopt;
  return text;
}

std::string Sealer::LookupHash(std::string_view kind, std::string_view text) const {
  crypto_generichash_state state;
  crypto_generichash_init(&state, looking_up_.data(), SecretKey::kBytes, crypto_generichash_BYTES);
  // The end of the kind is marked, so that no two pairs run together alike.
  const std::string head = std::string(kind) + '\0';
  crypto_generichash_update(&state, Bytes(head), head.size());
  crypto_generichash_update(&state, Bytes(text), text.size());
  std::string hash(crypto_generichash_BYTES, '\0');
  crypto_generichash_final(&state, Bytes(hash), hash.size());
  return hash;
}

}  // namespace emostage
