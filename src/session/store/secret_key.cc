#include "session/store/secret_key.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "emostage/error.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVariable = "EMOSTAGE_STORE_KEY";
constexpr std::size_t kHexDigits = 2 * SecretKey::kBytes;

// Memory on the stack that is overwritten at its end.
template <std::size_t kSize>
struct Wiped {
  std::array<char, kSize> bytes{};
  Wiped() = default;
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { sodium_memzero(bytes.data(), bytes.size()); }
};

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void Fail(const std::string& what, const fs::path& path, int error) {
  throw Error(ErrorCode::kIo,
              what + " " + path.string() + ": " + std::system_category().message(error),
              error == ENOSPC || error == EDQUOT ? "free some disk space"
                                                 : "check the path and the permissions");
}

// 64 hex digits, with or without blanks behind them; false for anything else.
bool ParseHex(std::string_view text, SecretKey* key) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  std::size_t length = 0;
  return text.size() == kHexDigits &&
         sodium_hex2bin(key->data(), SecretKey::kBytes, text.data(), text.size(), nullptr, &length,
                        nullptr) == 0 &&
         length == SecretKey::kBytes;
}

// Nothing where there is no such file.
std::optional<SecretKey> ReadKeyFile(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return std::nullopt;
  if (file.get() < 0) Fail("cannot read the key file", path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) Fail("cannot read the key file", path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::kIo, "the key file " + path.string() + " is not a regular file",
                "name a file with 64 hex digits");
  }
  if ((status.st_mode & 077U) != 0) {
    throw Error(ErrorCode::kIo, "others may read the key file " + path.string(),
                "close it to them with 'chmod 600 " + path.string() + "'");
  }
  Wiped<kHexDigits + 8> content;
  std::size_t length = 0;
  while (length < content.bytes.size()) {
    const ssize_t got =
        ::read(file.get(), content.bytes.data() + length, content.bytes.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) Fail("cannot read the key file", path, errno);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  SecretKey key;
  if (length == SecretKey::kBytes) {
    std::copy_n(content.bytes.begin(), length, key.data());
  } else if (!ParseHex({content.bytes.data(), length}, &key)) {
    throw Error(ErrorCode::kIo, "the key file " + path.string() + " holds no key of 32 bytes",
                "put back the file from your backup");
  }
  return key;
}

}  // namespace

SecretKey::SecretKey() {
  if (sodium_init() < 0) throw Error(ErrorCode::kInternal, "libsodium does not start");
  bytes_.reset(static_cast<unsigned char*>(sodium_malloc(kBytes)));
  if (bytes_ == nullptr) throw std::bad_alloc();
  sodium_memzero(bytes_.get(), kBytes);
}

void SecretKey::Free::operator()(unsigned char* bytes) const { sodium_free(bytes); }

fs::path KeyFileBeside(const fs::path& file) { return fs::path(file) += ".key"; }

bool WriteKeyFile(const fs::path& path, const SecretKey& key) {
  // Under another name first, and then linked: nobody ever sees half a key under the name.
  const fs::path draft = fs::path(path) += "." + std::to_string(::getpid()) + "." + NewSessionId();
  Wiped<kHexDigits + 1> text;
  sodium_bin2hex(text.bytes.data(), text.bytes.size(), key.data(), SecretKey::kBytes);
  text.bytes.back() = '\n';
  const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) Fail("cannot make the key file", path, errno);
  const bool written = ::write(file.get(), text.bytes.data(), text.bytes.size()) ==
                           static_cast<ssize_t>(text.bytes.size()) &&
                       ::fsync(file.get()) == 0;
  int error = errno;
  const bool linked = written && ::link(draft.c_str(), path.c_str()) == 0;
  if (written) error = errno;
  ::unlink(draft.c_str());
  if (!linked && written && error == EEXIST) return false;
  if (!linked) Fail("cannot make the key file", path, error);
  // The name lasts only once the folder is on the disk; the database must not be there without it.
  const Descriptor folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
  return true;
}

FoundKey FindKey(const SqliteOptions& options, bool may_make) {
  FoundKey found;
  if (!options.key_file.empty()) {
    found.source = options.key_file;
    std::optional<SecretKey> key = ReadKeyFile(options.key_file);
    if (!key) {
      throw Error(ErrorCode::kIo, "there is no key file " + options.key_file,
                  "check the path; a new key is 64 random hex digits in a file of your own");
    }
    found.key = *std::move(key);
    return found;
  }
  if (const char* variable = std::getenv(kVariable); variable != nullptr && *variable != '\0') {
    found.source = std::string("$") + kVariable;
    if (!ParseHex(variable, &found.key)) {
      throw Error(ErrorCode::kIo, found.source + " is no key", "set it to 64 hex digits");
    }
    return found;
  }
  const fs::path beside = KeyFileBeside(fs::absolute(options.file));
  found.source = beside;
  found.beside = true;
  std::optional<SecretKey> key = ReadKeyFile(beside);
  if (!key && !may_make) {
    throw Error(ErrorCode::kIo,
                "the key of " + options.file + " is missing: there is no " + beside.string(),
                "put it back from your backup, or set $" + std::string(kVariable));
  }
  if (!key) {
    SecretKey made;
    randombytes_buf(made.data(), SecretKey::kBytes);
    if (WriteKeyFile(beside, made)) {
      found.key = std::move(made);
      return found;
    }
    key = ReadKeyFile(beside);  // another process was faster
  }
  if (!key) Fail("cannot read the key file", beside, ENOENT);
  found.key = *std::move(key);
  return found;
}

}  // namespace emostage
