#include "model/store/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "emostage/error.h"
#include "model/store/disk.h"

namespace emostage {
namespace {

void Check(int result) {
  if (result != 1) throw Error(ErrorCode::kInternal, "the crypto library refused SHA-256");
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeContext>;

ContextPtr NewContext() {
  ContextPtr context(EVP_MD_CTX_new());
  Check(context != nullptr ? 1 : 0);
  return context;
}

}  // namespace

struct Sha256::Impl {
  ContextPtr context = NewContext();
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  Check(EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr));
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::string_view bytes) {
  Check(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()));
}

std::string Sha256::HexDigest() const {
  // Finishing spoils a context, so a copy is finished and the original can go on.
  const ContextPtr copy = NewContext();
  Check(EVP_MD_CTX_copy_ex(copy.get(), impl_->context.get()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  Check(EVP_DigestFinal_ex(copy.get(), digest.data(), &length));
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    hex += kDigits[digest[i] >> 4U];
    hex += kDigits[digest[i] & 0xfU];
  }
  return hex;
}

std::string Sha256File(const std::filesystem::path& path, const std::stop_token& stop) {
  const model_store::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) model_store::ThrowIo("read", path, errno);
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 20U);
  while (true) {
    if (stop.stop_requested()) {
      throw Error(ErrorCode::kCancelled, "stopped while checking " + path.string());
    }
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count == 0) return hash.HexDigest();
    if (count < 0 && errno != EINTR) model_store::ThrowIo("read", path, errno);
    if (count > 0) hash.Update({buffer.data(), static_cast<std::size_t>(count)});
  }
}

bool IsSha256Hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

}  // namespace emostage
