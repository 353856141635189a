#include "session/store/schema.h"

#include <cstddef>
#include <string>

namespace emostage {
namespace {

// Sealed (see sealer.h): title, outside_id, client, text, answer, tip. The hashes are keyed.
// page_scan.cc knows these tables by their numbers of columns. Messages name their session by its
// id, not by a number, so that they can be told apart where the session's own row is lost.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB NOT NULL);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY NOT NULL,
  owner TEXT NOT NULL,
  title BLOB NOT NULL,
  method TEXT NOT NULL,
  scheme TEXT NOT NULL,
  model TEXT NOT NULL,
  language TEXT NOT NULL,
  outside_id BLOB,
  outside_hash BLOB,
  seed INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  messages INTEGER NOT NULL
);
CREATE INDEX sessions_by_time ON sessions (updated_ms, id);
CREATE INDEX sessions_by_owner ON sessions (owner, updated_ms, id);
CREATE INDEX sessions_by_outside ON sessions (outside_hash) WHERE outside_hash IS NOT NULL;

CREATE TABLE messages (
  session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  role INTEGER NOT NULL,
  text BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  answer BLOB,
  tip BLOB,
  tip_hash BLOB,
  PRIMARY KEY (session, place)
);
CREATE INDEX messages_by_tip ON messages (tip_hash) WHERE tip_hash IS NOT NULL;

CREATE TABLE api_keys (
  name TEXT PRIMARY KEY NOT NULL,
  role TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_ms INTEGER NOT NULL
);
)sql";

// Rows that were written before have fewer columns in the file, and NULL for these.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE sessions ADD COLUMN client BLOB;
ALTER TABLE sessions ADD COLUMN client_hash BLOB;
CREATE INDEX sessions_by_client ON sessions (client_hash, updated_ms, id)
  WHERE client_hash IS NOT NULL;
)sql";

constexpr const char* kMigrations[] = {kVersion1, kVersion2};

}  // namespace

std::span<const char* const> StoreMigrations() { return kMigrations; }

void Migrate(SQLite::Database& db, std::span<const char* const> migrations) {
  // Read here, inside the transaction: another process may have been faster.
  const int version = db.execAndGet("PRAGMA user_version").getInt();
  const int newest = static_cast<int>(migrations.size());
  if (version >= newest) return;
  for (int i = version; i < newest; ++i) db.exec(migrations[static_cast<std::size_t>(i)]);
  db.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  db.exec("PRAGMA user_version = " + std::to_string(newest));
}

}  // namespace emostage
