#ifndef EMOSTAGE_MODEL_STORE_PART_H_
#define EMOSTAGE_MODEL_STORE_PART_H_

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

#include "model/store/disk.h"
#include "model/store/record.h"
#include "model/store/sha256.h"

namespace emostage::model_store {

// DESTINATION.part and its note: the bytes of a download so far, always a beginning of one version
// of the remote file. Hashes them as they come. To be held under the destination's lock; one object
// serves one thread. Throws Error(kIo) where the disk fails.
class PartFile {
 public:
  // Takes up what an earlier pull of the same (redacted) address left, as far as its note vouches
  // for it, or starts empty. `trust_any` says that the whole file's checksum is known: then a part
  // without an ETag or Last-Modified can be resumed too. Reads the old bytes for their hash; throws
  // Error(kCancelled) soon after `stop` is requested.
  PartFile(const std::filesystem::path& destination, std::string url, bool trust_any,
           const std::stop_token& stop);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] const PartNote& note() const { return note_; }

  // Whether more bytes may be put behind these in another request.
  [[nodiscard]] bool Resumable() const;

  // Drops all bytes and begins anew with the version of the file that `note` describes; its url
  // and safe_bytes are ignored.
  void Restart(PartNote note);

  void Append(std::string_view bytes);

  // Of the bytes so far.
  [[nodiscard]] std::string HexDigest() const { return hash_.HexDigest(); }
  [[nodiscard]] bool StartsWith(std::string_view magic) const;

  // Forces everything to the disk.
  void Sync();

  // For the end of a pull that did not finish: keeps what can be resumed, else deletes. Does not
  // throw: when it matters something has failed already.
  void KeepOrDiscard() noexcept;
  void Discard() noexcept;

 private:
  void TakeUp(const std::stop_token& stop);
  void Checkpoint();
  void Truncate(std::uint64_t size);

  std::filesystem::path path_;
  std::string url_;
  bool trust_any_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
  PartNote note_;
  Sha256 hash_;
};

}  // namespace emostage::model_store

#endif  // EMOSTAGE_MODEL_STORE_PART_H_
