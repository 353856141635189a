#include "session/store/store_file.h"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>

#include "session/store/schema.h"
#include "session/store/secret_key.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;

// Sealed into the file when it is made; opens with the same key only.
constexpr const char* kKeyCheckText = "emostage store";
constexpr const char* kKeyCheckPlace = "about.key";

std::string SystemMessage(int error) { return std::system_category().message(error); }

[[nodiscard]] Error CannotOpen(const std::string& file, int error) {
  std::string remedy = "check the path";
  if (error == EACCES || error == EPERM || error == EROFS) {
    remedy = "check the permissions of the file and of its folder";
  }
  if (error == ENOSPC || error == EDQUOT) remedy = "free some disk space";
  return Error(ErrorCode::kIo, "cannot open the store " + file + ": " + SystemMessage(error),
               remedy);
}

// While this lives and is not let go, closing the database leaves its write-ahead log alone: a file
// that turns out to be damaged stays as it was.
class LogKeeper {
 public:
  explicit LogKeeper(sqlite3* db) : db_(db) { Set(1); }
  void LetGo() { Set(0); }

 private:
  void Set(int keep) const {
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep, nullptr);
  }

  sqlite3* db_;
};

}  // namespace

std::string RecoverRemedy(const std::string& file) {
  return "save what can still be read with 'emostage store recover " + file + " NEWFILE'";
}

void BindBlob(SQLite::Statement& statement, int index, const std::string& bytes) {
  statement.bindNoCopy(index, bytes.data(), static_cast<int>(bytes.size()));
}

StoreFile::StoreFile(const SqliteOptions& options, std::span<const char* const> migrations)
    : options_(options) {
  if (options.file.empty()) throw Error(ErrorCode::kUsage, "the store has no file name");
  // Absolute: SQLite would take names such as ":memory:" or "file:…" for something else.
  options_.file = fs::absolute(options.file).string();
  struct stat before{};
  const bool there = ::stat(options_.file.c_str(), &before) == 0;
  if (!there && errno != ENOENT) throw CannotOpen(options_.file, errno);
  if (there && !S_ISREG(before.st_mode)) {
    throw Error(ErrorCode::kIo, "cannot open the store " + options_.file + ": it is not a file",
                "name a file");
  }
  const fs::path log = options_.file + "-wal";
  std::error_code no_log;
  const bool has_log = fs::file_size(log, no_log) > 0 && !no_log;
  const bool fresh = !there || before.st_size == 0;
  // SQLite would throw the log away.
  if (fresh && has_log) throw Damaged("it is empty, but its log " + log.string() + " is not");
  std::optional<FoundKey> key;
  // The key is on the disk before anything that only it opens.
  if (fresh) key = FindKey(options_, true);
  try {
    Open(there);
    LogKeeper keeper(db_->getHandle());
    if (!has_log) keeper.LetGo();
    const bool empty = IsEmpty(static_cast<int>(migrations.size()));
    if (!empty) CheckSound();
    if (!key) key = FindKey(options_, empty);
    sealer_ = std::make_unique<Sealer>(key->key);
    if (!empty) CheckKey(key->source);
    keeper.LetGo();
    Prepare(migrations);
    CheckKey(key->source);  // where another process was faster to make the file
  } catch (const SQLite::Exception& fault) {
    throw Fault(fault);
  }
  // A process that was killed may have left words in the log that were deleted since.
  if (has_log) EmptyLog(0);
}

void StoreFile::Open(bool there) {
  const char* const file = options_.file.c_str();
  // A file that is there is not opened here: closing it would take away the locks that another
  // connection of this process has on it.
  if (!there) {
    const int fd = ::open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST) throw CannotOpen(options_.file, errno);
    if (fd >= 0) ::close(fd);
  }
  struct stat status{};
  if (::stat(file, &status) != 0) throw CannotOpen(options_.file, errno);
  // One that was made empty by hand.
  if (there && status.st_size == 0) (void)::chmod(file, 0600);
  device_ = status.st_dev;
  inode_ = status.st_ino;
  db_ = std::make_unique<SQLite::Database>(options_.file, SQLite::OPEN_READWRITE,
                                           std::max(0, options_.busy_ms));
  sqlite3_extended_result_codes(db_->getHandle(), 1);
  if (sqlite3_db_readonly(db_->getHandle(), "main") == 1) throw CannotOpen(options_.file, EACCES);
}

bool StoreFile::IsEmpty(int newest) {
  const int application = db_->execAndGet("PRAGMA application_id").getInt();
  const int version = db_->execAndGet("PRAGMA user_version").getInt();
  const bool empty = db_->execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
  if (application != kApplicationId && !(application == 0 && version == 0 && empty)) {
    throw Error(ErrorCode::kIo, options_.file + " is the database of another program",
                "name another file");
  }
  if (version > newest) {
    throw Error(ErrorCode::kIo,
                options_.file + " was written by a newer EmoStage (its format is version " +
                    std::to_string(version) + ", this one knows up to " + std::to_string(newest) +
                    ")",
                "use that newer program");
  }
  if (empty && version > 0) throw Damaged("its tables are missing");
  return empty;
}

void StoreFile::CheckSound() {
  const std::string found = db_->execAndGet("PRAGMA quick_check(1)").getString();
  if (found != "ok") throw Damaged(found.substr(found.rfind('\n') + 1));
}

void StoreFile::CheckKey(const std::string& source) {
  SQLite::Statement query(*db_, "SELECT value FROM about WHERE name = 'key'");
  if (!query.executeStep()) throw Damaged("it does not say which key it opens with");
  if (sealer_->Open(query.getColumn(0).getString(), kKeyCheckPlace) != kKeyCheckText) {
    throw Error(ErrorCode::kIo,
                options_.file + " does not open with this key (from " + source + ")",
                "use the key that the file was made with");
  }
}

void StoreFile::Prepare(std::span<const char* const> migrations) {
  // Changing the journal's kind does not wait for others as other statements do.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.busy_ms);
  for (;;) {
    try {
      db_->exec("PRAGMA journal_mode = WAL");
      break;
    } catch (const SQLite::Exception& fault) {
      if (fault.getErrorCode() != SQLITE_BUSY || std::chrono::steady_clock::now() > end) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  db_->exec("PRAGMA synchronous = FULL");  // a commit is on the disk when it returns
  db_->exec("PRAGMA foreign_keys = ON");
  db_->exec("PRAGMA secure_delete = ON");
  db_->exec("PRAGMA temp_store = MEMORY");
  if (db_->execAndGet("PRAGMA user_version").getInt() >= static_cast<int>(migrations.size()))
    return;
  SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
  Migrate(*db_, migrations);
  const std::string check = sealer_->Seal(kKeyCheckText, kKeyCheckPlace);
  SQLite::Statement insert(*db_, "INSERT OR IGNORE INTO about (name, value) VALUES ('key', ?)");
  BindBlob(insert, 1, check);
  insert.exec();
  transaction.commit();
}

Error StoreFile::Fault(const SQLite::Exception& fault) const {
  const std::string& file = options_.file;
  const int error = db_ ? sqlite3_system_errno(db_->getHandle()) : 0;
  switch (fault.getErrorCode() & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(ErrorCode::kBusy, "another process holds the store " + file,
                   "try again, or end the other process")
          .RetryAfter(1);
    case SQLITE_FULL:
      return Error(ErrorCode::kIo, "cannot write the store " + file + ": the disk is full",
                   "free some disk space");
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:  // a table or a column that is not there
      return Damaged(fault.what());
    case SQLITE_NOTADB:
      return Error(ErrorCode::kIo,
                   file + " is not a store, or its beginning is damaged; it is left as it is",
                   "name another file, or, where it was one, " + RecoverRemedy(file));
    case SQLITE_READONLY:
      return Error(ErrorCode::kIo, "cannot write the store " + file,
                   "check the permissions of the file and of its folder");
    case SQLITE_CANTOPEN:
      return CannotOpen(file, error != 0 ? error : EACCES);
    case SQLITE_IOERR: {
      // The system's own reason is not always handed on.
      const std::string reason = error != 0 ? SystemMessage(error) : fault.getErrorStr();
      if (fault.getExtendedErrorCode() == SQLITE_IOERR_WRITE) {
        return Error(ErrorCode::kIo, "cannot write the store " + file + ": " + reason,
                     "free some disk space, raise the limit on the size of files, or check the"
                     " disk");
      }
      return Error(ErrorCode::kIo, "cannot read or write the store " + file + ": " + reason,
                   "check the disk");
    }
    case SQLITE_TOOBIG:
      return Error(ErrorCode::kUsage, "a text is too long for the store " + file,
                   "a text holds at most 1 GB");
    case SQLITE_NOMEM:
      return Error(ErrorCode::kIo, "no memory left for the store " + file, "free some memory");
    default:
      return Error(ErrorCode::kInternal, "the store " + file + " failed: " + fault.what());
  }
}

Error StoreFile::Damaged(const std::string& how) const {
  return Error(ErrorCode::kIo,
               "the store " + options_.file + " is damaged (" + how + "); it is left as it is",
               RecoverRemedy(options_.file));
}

bool StoreFile::EmptyLog(int wait_ms) {
  bool done = false;
  try {
    db_->setBusyTimeout(wait_ms);
    SQLite::Statement checkpoint(*db_, "PRAGMA wal_checkpoint(TRUNCATE)");
    done = checkpoint.executeStep() && checkpoint.getColumn(0).getInt() == 0;
  } catch (const SQLite::Exception&) {
    // What was written is safe in the log; it is emptied another time.
  }
  sqlite3_busy_timeout(db_->getHandle(), std::max(0, options_.busy_ms));
  return done;
}

bool StoreFile::Rewrite() {
  try {
    db_->exec("VACUUM");
    return true;
  } catch (const SQLite::Exception&) {
    return false;  // the file is as it was
  }
}

void StoreFile::CheckStillThere() const {
  struct stat status{};
  if (::stat(options_.file.c_str(), &status) != 0) throw CannotOpen(options_.file, errno);
  if (status.st_dev != device_ || status.st_ino != inode_) {
    throw Error(ErrorCode::kIo, "the store " + options_.file + " was replaced while it was open",
                "start the program again");
  }
}

}  // namespace emostage
