#ifndef EMOSTAGE_MODEL_STORE_RECORD_H_
#define EMOSTAGE_MODEL_STORE_RECORD_H_

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

// The two small JSON files that lie beside a model: what it is (FILE.json), and while it is being
// pulled what the part belongs to (FILE.part.json). Safe from any thread; a pull's lock keeps
// writers apart.
namespace emostage::model_store {

struct PullRecord {
  std::string url;     // redacted; empty when the file came some other way
  std::string sha256;  // lower-case hex
  std::uint64_t bytes = 0;
  std::string pulled_at;  // UTC, "2025-01-31T12:00:00Z"
  bool verified = false;  // whether sha256 was compared with an expected one
};

// What lies in FILE.json; nullopt when there is none, or none that can be understood.
[[nodiscard]] std::optional<PullRecord> ReadRecord(const std::filesystem::path& model);
// Throws Error(kIo).
void WriteRecord(const std::filesystem::path& model, const PullRecord& record);
// Does nothing when there is none.
void RemoveRecord(const std::filesystem::path& model);

// Now, for PullRecord::pulled_at.
[[nodiscard]] std::string UtcNow();

struct PartNote {
  std::string url;                     // redacted
  std::string etag;                    // with its quotes, as the server sent it
  std::string last_modified;           // as the server sent it
  std::optional<std::uint64_t> total;  // the whole file's size
  // So many bytes of the part are known to be on the disk; what lies behind them may not survive a
  // loss of power as it was written.
  std::uint64_t safe_bytes = 0;

  // What to send as If-Range; empty when the server gave nothing that tells versions apart. A weak
  // ETag does not: it may stay the same while bytes change.
  [[nodiscard]] std::string Validator() const;
};

[[nodiscard]] std::optional<PartNote> ReadNote(const std::filesystem::path& part);
// Throws Error(kIo).
void WriteNote(const std::filesystem::path& part, const PartNote& note);
void RemoveNote(const std::filesystem::path& part);

}  // namespace emostage::model_store

#endif  // EMOSTAGE_MODEL_STORE_RECORD_H_
