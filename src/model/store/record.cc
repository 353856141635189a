#include "model/store/record.h"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/file.h"
#include "base/json.h"
#include "emostage/error.h"
#include "model/store/disk.h"
#include "model/store/sha256.h"

namespace emostage::model_store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBytes = std::size_t{64} << 10U;

// The object in `path`, or null. These files only help: a broken one is as good as none.
Json ReadObject(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return nullptr;
  try {
    Json json = ParseJson(ReadFile(path, kMaxBytes), path.string());
    return json.is_object() ? json : Json(nullptr);
  } catch (const Error&) {
    return nullptr;
  }
}

std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::uint64_t> Number(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

void WriteObject(const fs::path& path, const OrderedJson& object) {
  WriteFileAtomically(path, DumpJson(object, 2) + "\n");
}

void Remove(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

}  // namespace

std::optional<PullRecord> ReadRecord(const fs::path& model) {
  const Json object = ReadObject(WithSuffix(model, ".json"));
  if (object.is_null()) return std::nullopt;
  PullRecord record;
  record.url = Text(object, "url");
  record.sha256 = Text(object, "sha256");
  record.pulled_at = Text(object, "pulled_at");
  const std::optional<std::uint64_t> bytes = Number(object, "bytes");
  const auto verified = object.find("verified");
  if (!IsSha256Hex(record.sha256) || !bytes) return std::nullopt;
  record.bytes = *bytes;
  record.verified = verified != object.end() && verified->is_boolean() && verified->get<bool>();
  return record;
}

void WriteRecord(const fs::path& model, const PullRecord& record) {
  WriteObject(WithSuffix(model, ".json"), {{"url", record.url},
                                           {"sha256", record.sha256},
                                           {"bytes", record.bytes},
                                           {"pulled_at", record.pulled_at},
                                           {"verified", record.verified}});
}

void RemoveRecord(const fs::path& model) { Remove(WithSuffix(model, ".json")); }

std::string UtcNow() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::string text(sizeof "2025-01-31T12:00:00Z", '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
  return text;
}

std::string PartNote::Validator() const {
  if (!etag.empty() && !etag.starts_with("W/")) return etag;
  return last_modified;
}

std::optional<PartNote> ReadNote(const fs::path& part) {
  const Json object = ReadObject(WithSuffix(part, ".json"));
  if (object.is_null()) return std::nullopt;
  PartNote note;
  note.url = Text(object, "url");
  note.etag = Text(object, "etag");
  note.last_modified = Text(object, "last_modified");
  note.total = Number(object, "total");
  note.safe_bytes = Number(object, "safe_bytes").value_or(0);
  return note;
}

void WriteNote(const fs::path& part, const PartNote& note) {
  OrderedJson object = {
      {"url", note.url}, {"etag", note.etag}, {"last_modified", note.last_modified}};
  if (note.total) object["total"] = *note.total;
  object["safe_bytes"] = note.safe_bytes;
  WriteObject(WithSuffix(part, ".json"), object);
}

void RemoveNote(const fs::path& part) { Remove(WithSuffix(part, ".json")); }

}  // namespace emostage::model_store
