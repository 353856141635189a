#ifndef EMOSTAGE_SESSION_STORE_SCHEMA_H_
#define EMOSTAGE_SESSION_STORE_SCHEMA_H_

#include <SQLiteCpp/Database.h>

#include <span>

namespace emostage {

// In the file's header: tells our files from those of other programs. "EmoS" in ASCII.
inline constexpr int kApplicationId = 0x456D6F53;

// What takes a file from each version to the next: the first entry makes version 1 of an empty
// file. A released entry never changes; a new version is a new entry.
[[nodiscard]] std::span<const char* const> StoreMigrations();

// Brings a file to the version after the last of `migrations`, inside the transaction the caller
// has begun. Throws SQLite::Exception.
void Migrate(SQLite::Database& db, std::span<const char* const> migrations);

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_SCHEMA_H_
