#ifndef EMOSTAGE_SESSION_STORE_STORE_FILE_H_
#define EMOSTAGE_SESSION_STORE_STORE_FILE_H_

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <sys/types.h>

#include <memory>
#include <span>
#include <string>

#include "emostage/error.h"
#include "session/store/sealer.h"
#include "session/store/store.h"

namespace emostage {

// The SQLite file of a store, open, sound, of the newest version, and with its key.
class StoreFile {
 public:
  // See OpenSqliteStore. `migrations` are other than StoreMigrations() in tests only.
  StoreFile(const SqliteOptions& options, std::span<const char* const> migrations);

  [[nodiscard]] SQLite::Database& db() { return *db_; }
  [[nodiscard]] const Sealer& sealer() const { return *sealer_; }
  [[nodiscard]] const SqliteOptions& options() const { return options_; }

  // What SQLite threw, in our words.
  [[nodiscard]] Error Fault(const SQLite::Exception& fault) const;
  // The file holds what it cannot hold.
  [[nodiscard]] Error Damaged(const std::string& how) const;

  // Empties the write-ahead log into the file, waiting at most `wait_ms` for other processes. False
  // where they, or the disk, stood in the way.
  bool EmptyLog(int wait_ms);
  // Writes the file anew, so that it holds its rows and nothing else. False: it could not be done
  // now. Needs a transaction to be over, no statement open, and room for the file twice.
  bool Rewrite();
  // Throws Error(kIo) where the file at this path is not the one that was opened.
  void CheckStillThere() const;

 private:
  void Open(bool there);
  // Throws for a file that is not ours to use; whether it has no tables yet.
  [[nodiscard]] bool IsEmpty(int newest);
  void CheckSound();
  void CheckKey(const std::string& source);
  void Prepare(std::span<const char* const> migrations);

  SqliteOptions options_;  // with the absolute path
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<SQLite::Database> db_;
};

// What to do about a damaged file.
[[nodiscard]] std::string RecoverRemedy(const std::string& file);

// SQLiteCpp's binding of texts as bytes.
void BindBlob(SQLite::Statement& statement, int index, const std::string& bytes);

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_STORE_FILE_H_
