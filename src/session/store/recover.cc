#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "base/file.h"
#include "emostage/error.h"
#include "session/store/page_scan.h"
#include "session/store/rows.h"
#include "session/store/schema.h"
#include "session/store/secret_key.h"
#include "session/store/store.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kPageBytes = 4096;  // SQLite's default, which we never change
constexpr std::string_view kMagic("SQLite format 3\0", 16);

// What was found. The newest of a row's states wins, should there be several.
struct Findings {
  std::map<std::string, StoredSession> sessions;
  std::map<std::string, std::map<int, StoredMessage>> messages;
  std::map<std::string, StoredKey> keys;
  int unreadable_rows = 0;
};

// A folder beside the new file, gone at the end.
class WorkFolder {
 public:
  explicit WorkFolder(const fs::path& beside) {
    std::string name = beside.string() + ".XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
      throw Error(
          ErrorCode::kIo,
          "cannot write beside " + beside.string() + ": " + std::system_category().message(errno),
          "check the path, the permissions and the free space");
    }
    path_ = name;
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void CopyFile(const fs::path& from, const fs::path& to) {
  std::error_code fault;
  fs::copy_file(from, to, fault);
  if (!fault) fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, fault);
  if (fault) {
    throw Error(ErrorCode::kIo, "cannot copy " + from.string() + ": " + fault.message(),
                "check the permissions and the free space");
  }
}

void PutBigEndian(std::string* bytes, std::size_t at, uint32_t value, int count) {
  for (int i = 0; i < count; ++i) {
    (*bytes)[at + static_cast<std::size_t>(i)] =
        static_cast<char>((value >> (8 * (count - 1 - i))) & 0xFFU);
  }
}

// Gives a copy whose first bytes are no SQLite header one that SQLite accepts, so that the
// write-ahead log can be put in.
void MendHeader(const fs::path& copy) {
  std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
  std::string header(100, '\0');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  const bool whole = file.gcount() == static_cast<std::streamsize>(header.size());
  if (whole && header.starts_with(kMagic)) return;
  header.assign(100, '\0');
  header.replace(0, kMagic.size(), kMagic);
  PutBigEndian(&header, 16, kPageBytes, 2);
  header[18] = header[19] = 2;  // read and written with a write-ahead log
  header[21] = 64;              // fixed fractions
  header[22] = header[23] = 32;
  PutBigEndian(&header, 44, 4, 4);  // schema format
  PutBigEndian(&header, 56, 1, 4);  // UTF-8
  PutBigEndian(&header, 68, kApplicationId, 4);
  file.clear();
  file.seekp(0);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  file.close();
  std::error_code ignored;
  if (fs::file_size(copy, ignored) < kPageBytes) fs::resize_file(copy, kPageBytes, ignored);
}

// Puts the copy's write-ahead log into it. False where SQLite cannot.
bool PutLogIn(const fs::path& copy) {
  try {
    MendHeader(copy);
    SQLite::Database db(copy.string(), SQLite::OPEN_READWRITE);
    SQLite::Statement checkpoint(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    return checkpoint.executeStep() && checkpoint.getColumn(0).getInt() == 0;
  } catch (const SQLite::Exception&) {
    return false;
  }
}

// Reads a row's values one after the other; `ok` is lost with the first of another kind.
class RowReader {
 public:
  explicit RowReader(const std::vector<ScannedValue>& row) : row_(row) {}

  std::string Bytes() {
    const auto* bytes = std::get_if<std::string>(&Next());
    ok_ = ok_ && bytes != nullptr;
    return bytes != nullptr ? *bytes : "";
  }
  std::string BytesOrNull() {
    const ScannedValue& value = Next();
    const auto* bytes = std::get_if<std::string>(&value);
    ok_ = ok_ && (bytes != nullptr || std::holds_alternative<std::monostate>(value));
    return bytes != nullptr ? *bytes : "";
  }
  int64_t Number() {
    const auto* number = std::get_if<int64_t>(&Next());
    ok_ = ok_ && number != nullptr;
    return number != nullptr ? *number : 0;
  }
  int Count() {
    const int64_t number = Number();
    ok_ = ok_ && number >= 0 && number <= std::numeric_limits<int>::max();
    return ok_ ? static_cast<int>(number) : 0;
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  const ScannedValue& Next() { return row_.at(at_++); }

  const std::vector<ScannedValue>& row_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

// Our tables by their numbers of columns, in schema.cc's order. A session that was last written
// before there were clients has no columns for them.
constexpr std::size_t kSessionColumns = 15;
constexpr std::size_t kSessionColumnsBefore = 13;
constexpr std::size_t kMessageColumns = 9;
constexpr std::size_t kKeyColumns = 4;

void TakeSession(const std::vector<ScannedValue>& values, const Sealer& sealer, Findings* found) {
  RowReader read(values);
  SessionRow row;
  row.plain.id = read.Bytes();
  row.plain.owner = read.Bytes();
  row.title = read.Bytes();
  row.plain.method = read.Bytes();
  row.plain.scheme = read.Bytes();
  row.plain.model = read.Bytes();
  row.plain.language = read.Bytes();
  row.outside_id = read.BytesOrNull();
  row.outside_hash = read.BytesOrNull();
  row.plain.seed = static_cast<uint64_t>(read.Number());
  row.plain.created_ms = read.Number();
  row.plain.updated_ms = read.Number();
  row.plain.messages = read.Count();
  if (values.size() == kSessionColumns) {
    row.client = read.BytesOrNull();
    row.client_hash = read.BytesOrNull();
  }
  if (!read.ok()) return;
  std::optional<StoredSession> session = OpenSession(row, sealer);
  if (!session) {
    ++found->unreadable_rows;
    return;
  }
  const auto [at, added] = found->sessions.try_emplace(session->id, *session);
  if (!added && at->second.updated_ms < session->updated_ms) at->second = *session;
}

void TakeMessage(const std::vector<ScannedValue>& values, const Sealer& sealer, Findings* found) {
  RowReader read(values);
  MessageRow row;
  row.session = read.Bytes();
  row.place = read.Count();
  const int64_t role = read.Number();
  row.plain.role = role == 0 ? Role::kClient : Role::kCounsellor;
  row.text = read.Bytes();
  row.plain.at_ms = read.Number();
  row.plain.cancelled = read.Number() != 0;
  row.answer = read.BytesOrNull();
  row.tip = read.BytesOrNull();
  row.tip_hash = read.BytesOrNull();
  if (!read.ok()) return;
  std::optional<StoredMessage> message = OpenMessage(row, sealer);
  if (!message) {
    // The words count most: a message whose trace is lost is a message.
    std::optional<std::string> text = OpenText(row, sealer);
    if (!text) {
      ++found->unreadable_rows;
      return;
    }
    message = row.plain;
    message->text = *std::move(text);
  }
  const auto [at, added] = found->messages[row.session].try_emplace(row.place, *message);
  if (!added && at->second.at_ms < message->at_ms) at->second = *message;
}

void TakeKey(const std::vector<ScannedValue>& values, Findings* found) {
  RowReader read(values);
  StoredKey key{read.Bytes(), read.Bytes(), read.Bytes(), read.Number()};
  if (read.ok() && !key.hash.empty()) found->keys.try_emplace(key.name, key);
}

// Writes what was found into the new store, and says what that was.
std::string WriteFindings(Findings found, Store* store) {
  int64_t messages = 0;
  int64_t lost_messages = 0;
  int without_settings = 0;
  for (const auto& [id, there] : found.messages) {
    // The session's own row is lost: its messages are not.
    if (found.sessions.contains(id)) continue;
    StoredSession session;
    session.id = id;
    session.title = "(recovered)";
    session.created_ms = there.begin()->second.at_ms;
    session.updated_ms = there.rbegin()->second.at_ms;
    session.messages = there.rbegin()->first + 1;
    found.sessions.emplace(id, session);
    ++without_settings;
  }
  for (const auto& [id, session] : found.sessions) {
    // What comes after a lost message moves up.
    std::vector<StoredMessage> left;
    for (auto& [place, message] : found.messages[id]) {
      if (place < session.messages) left.push_back(std::move(message));
    }
    const int count = static_cast<int>(left.size());
    messages += count;
    lost_messages += session.messages - count;
    // With a hole before it, a tip would promise more than is there.
    if (count < session.messages) {
      for (StoredMessage& message : left) message.tip.clear();
    }
    store->Create(session, left);
  }
  for (const auto& [name, key] : found.keys) store->AddKey(key);
  std::string line = "saved " + std::to_string(found.sessions.size()) + " sessions with " +
                     std::to_string(messages) + " messages, and " +
                     std::to_string(found.keys.size()) + " API keys";
  if (without_settings > 0) {
    line += "; of " + std::to_string(without_settings) +
            " sessions only messages, without owner, title and settings";
  }
  line += lost_messages > 0 ? "; at least " + std::to_string(lost_messages) + " messages are lost"
                            : "; no message is known to be lost";
  if (found.unreadable_rows > 0) {
    line += "; " + std::to_string(found.unreadable_rows) + " rows are there but do not open";
  }
  return line;
}

}  // namespace

std::string RecoverSqliteStore(const SqliteOptions& damaged, const std::string& new_file) {
  const fs::path target = fs::absolute(new_file);
  std::error_code ignored;
  for (const fs::path& path : {target, fs::path(target.string() + "-wal")}) {
    if (fs::exists(path, ignored)) {
      throw Error(ErrorCode::kUsage, path.string() + " is there already", "name a new file");
    }
  }
  const fs::path source = fs::absolute(damaged.file);
  const fs::path log = source.string() + "-wal";
  const FoundKey key = FindKey(damaged, false);
  const Sealer sealer(key.key);

  Findings found;
  bool log_lost = false;
  {
    const WorkFolder work(target);
    const fs::path copy = work.path() / "copy";
    CopyFile(source, copy);
    const bool has_log = fs::exists(log, ignored) && fs::file_size(log, ignored) > 0;
    if (has_log) {
      CopyFile(log, work.path() / "copy-wal");
      log_lost = !PutLogIn(copy);
    }
    const std::string bytes = ReadFile(copy, std::numeric_limits<std::size_t>::max());
    ScanPages(bytes, kPageBytes, [&](const std::vector<ScannedValue>& row) {
      if (row.size() == kSessionColumns || row.size() == kSessionColumnsBefore)
        TakeSession(row, sealer, &found);
      if (row.size() == kMessageColumns) TakeMessage(row, sealer, &found);
      if (row.size() == kKeyColumns) TakeKey(row, &found);
    });
  }
  const bool no_talk = found.sessions.empty() && found.messages.empty();
  if (no_talk && (found.keys.empty() || found.unreadable_rows > 0)) {
    throw Error(ErrorCode::kIo,
                "nothing in " + source.string() + " can be read with the key from " + key.source,
                "check that this is the file and its key");
  }

  SqliteOptions options = damaged;
  options.file = target.string();
  if (key.beside && !WriteKeyFile(KeyFileBeside(target), key.key)) {
    throw Error(ErrorCode::kUsage, KeyFileBeside(target).string() + " is there already",
                "name a new file");
  }
  const std::unique_ptr<Store> store = OpenSqliteStore(options);
  std::string line = WriteFindings(std::move(found), store.get());
  if (log_lost) line += "; the write-ahead log could not be read";
  return line;
}

}  // namespace emostage
