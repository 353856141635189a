#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/file.h"
#include "session/store/rows.h"
#include "session/store/schema.h"
#include "session/store/secret_key.h"
#include "session/store/store.h"
#include "session/store/store_file.h"
#include "session/store/testing.h"

// What the file of a store holds and what it does not: versions, keys, encryption, deletion.
namespace emostage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kHexKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

class SqliteStoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Store> Open() const { return OpenSqliteStore({file_}); }

  // All bytes that the store has on the disk.
  [[nodiscard]] std::string BytesOnDisk() const {
    std::string bytes;
    for (const char* end : {"", "-wal", "-shm", "-journal"}) {
      if (fs::exists(file_ + end)) bytes += ReadFile(file_ + end);
    }
    return bytes;
  }

  // What another program that knows SQLite sees and does.
  void Exec(const std::string& sql) const {
    SQLite::Database db(file_, SQLite::OPEN_READWRITE, 1000);
    db.exec(sql);
  }
  [[nodiscard]] std::string Ask(const std::string& sql) const {
    SQLite::Database db(file_, SQLite::OPEN_READWRITE, 1000);
    return db.execAndGet(sql).getString();
  }

  [[nodiscard]] std::string FaultOfOpening() const {
    const auto error = ErrorOf([&] { (void)Open(); });
    EXPECT_TRUE(!error || error->code() == ErrorCode::kIo);
    return error ? error->what() : "";
  }

  TestFolder folder_;
  std::string file_ = folder_.At("talks.db");
};

TEST_F(SqliteStoreTest, WhatWasWrittenIsThereNextTime) {
  Open()->Create(SessionOf("a"), {ClientSays("Hello")});
  EXPECT_THAT(TextsOf(Open()->Messages("a")), ElementsAre("Hello"));
}

TEST_F(SqliteStoreTest, AnEmptyFileIsANewOne) {
  WriteFileAtomically(file_, "");
  Open()->Create(SessionOf("a"), {});
  EXPECT_TRUE(Open()->Find("a"));
}

TEST_F(SqliteStoreTest, OnlyTheOwnerMayReadTheFiles) {
  const auto store = Open();
  store->Create(SessionOf("a"), {});
  for (const char* end : {"", "-wal", "-shm", ".key"}) {
    struct stat status{};
    ASSERT_EQ(::stat((file_ + end).c_str(), &status), 0) << end;
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << end;
  }
}

TEST_F(SqliteStoreTest, OddNamesAreFilesLikeOthers) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path());
  for (const char* name : {":memory:", "file:x?mode=memory", "a'b\"c;d e.db"}) {
    OpenSqliteStore({name})->Create(SessionOf("a"), {});
    EXPECT_TRUE(fs::is_regular_file(folder_.At(name))) << name;
    EXPECT_TRUE(OpenSqliteStore({name})->Find("a")) << name;
  }
  fs::current_path(before);
  EXPECT_EQ(ErrorOf([] { (void)OpenSqliteStore({}); })->code(), ErrorCode::kUsage);
}

TEST_F(SqliteStoreTest, TheFileIsKeptSafely) {
  const SqliteOptions options{file_};
  StoreFile file(options, StoreMigrations());
  EXPECT_EQ(file.db().execAndGet("PRAGMA journal_mode").getString(), "wal");
  EXPECT_EQ(file.db().execAndGet("PRAGMA synchronous").getInt(), 2);
  EXPECT_EQ(file.db().execAndGet("PRAGMA foreign_keys").getInt(), 1);
  EXPECT_EQ(file.db().execAndGet("PRAGMA secure_delete").getInt(), 1);
  EXPECT_EQ(file.db().execAndGet("PRAGMA application_id").getInt(), kApplicationId);
  EXPECT_EQ(file.db().execAndGet("PRAGMA user_version").getInt(), 2);
}

// --- versions ---

TEST_F(SqliteStoreTest, AnOlderVersionIsBroughtUpToDate) {
  // Version 0: our file, but nothing in it.
  {
    SQLite::Database(file_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  }
  Exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  Open()->Create(SessionOf("a"), {});
  EXPECT_EQ(Ask("PRAGMA user_version"), "2");

  // A next version, once there is one.
  std::vector<const char*> migrations(StoreMigrations().begin(), StoreMigrations().end());
  migrations.push_back(
      "ALTER TABLE sessions ADD COLUMN mood TEXT; UPDATE sessions SET mood = 'm';");
  {
    const StoreFile upgraded({file_}, migrations);
  }
  EXPECT_EQ(Ask("PRAGMA user_version"), "3");
  EXPECT_EQ(Ask("SELECT mood FROM sessions"), "m");
  {
    const StoreFile again({file_}, migrations);
  }
  EXPECT_THAT(FaultOfOpening(), HasSubstr("written by a newer EmoStage (its format is version 3"));
}

// Sessions had no clients in version 1.
TEST_F(SqliteStoreTest, AFileOfVersionOneIsBroughtUpToDateWithAllThatIsInIt) {
  {
    StoreFile old({file_}, StoreMigrations().first(1));
    for (const char* id : {"a", "b"}) {
      const SessionRow row = SealSession(SessionOf(id), old.sealer());
      SQLite::Statement insert(old.db(),
                               "INSERT INTO sessions VALUES (?1, 'clinic', ?2, 'emostage', 'hill',"
                               " 'm', 'en', NULL, NULL, 7, 1, 2, 1)");
      insert.bind(1, id);
      BindBlob(insert, 2, row.title);
      insert.exec();
      const MessageRow message = SealMessage(id, 0, ClientSays("Hello"), old.sealer());
      SQLite::Statement say(
          old.db(), "INSERT INTO messages VALUES (?1, 0, 0, ?2, 1001, 0, NULL, NULL, NULL)");
      say.bind(1, id);
      BindBlob(say, 2, message.text);
      say.exec();
    }
  }
  EXPECT_EQ(Ask("PRAGMA user_version"), "1");
  {
    const auto store = Open();
    const auto found = store->Find("a");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->title, "title of a");
    EXPECT_EQ(found->client, "");
    EXPECT_THAT(TextsOf(store->Messages("a")), ElementsAre("Hello"));
    EXPECT_TRUE(store->SessionsOf("clinic", "", 9).empty());
    StoredSession named = *found;
    named.client = "ann";
    store->Update(named);
    EXPECT_THAT(IdsOf(store->SessionsOf("clinic", "ann", 9)), ElementsAre("a"));
  }
  EXPECT_EQ(Ask("PRAGMA user_version"), "2");
  // Rows of both versions stand in it now.
  const std::string saved = folder_.At("saved.db");
  EXPECT_THAT(RecoverSqliteStore({file_}, saved), StartsWith("saved 2 sessions with 2 messages"));
  const auto store = OpenSqliteStore({saved});
  EXPECT_EQ(store->Find("b")->title, "title of b");
  EXPECT_THAT(IdsOf(store->SessionsOf("clinic", "ann", 9)), ElementsAre("a"));
}

TEST_F(SqliteStoreTest, AClientsNameThatWasMovedBringsInNobodysTalk) {
  {
    const auto store = Open();
    for (const char* id : {"a", "b"}) {
      StoredSession session = SessionOf(id);
      session.client = std::string("client ") + id;
      store->Create(session, {ClientSays("words of " + session.client)});
    }
  }
  Exec("UPDATE sessions SET client_hash = (SELECT client_hash FROM sessions WHERE id = 'a')");
  const auto error = ErrorOf([&] { (void)Open()->SessionsOf("", "client a", 9); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kIo);
}

TEST_F(SqliteStoreTest, AnUpgradeThatFailsChangesNothing) {
  Open()->Create(SessionOf("a"), {});
  std::vector<const char*> migrations(StoreMigrations().begin(), StoreMigrations().end());
  migrations.push_back("DELETE FROM sessions; SELECT no_such_function();");
  EXPECT_TRUE(ErrorOf([&] { const StoreFile upgraded({file_}, migrations); }));
  EXPECT_EQ(Ask("PRAGMA user_version"), "2");
  EXPECT_TRUE(Open()->Find("a"));
}

TEST_F(SqliteStoreTest, ANewerVersionIsLeftAlone) {
  Open()->Create(SessionOf("a"), {});
  Exec("PRAGMA user_version = 999");
  const std::string before = ReadFile(file_);
  EXPECT_THAT(FaultOfOpening(), HasSubstr("newer EmoStage"));
  EXPECT_EQ(ReadFile(file_), before);
}

TEST_F(SqliteStoreTest, AnotherProgramsDatabaseIsLeftAlone) {
  {
    SQLite::Database(file_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  }
  Exec("CREATE TABLE recipes (name TEXT)");
  const std::string before = ReadFile(file_);
  EXPECT_THAT(FaultOfOpening(), HasSubstr("the database of another program"));
  EXPECT_EQ(ReadFile(file_), before);
  EXPECT_FALSE(fs::exists(file_ + ".key"));
}

// --- keys ---

TEST_F(SqliteStoreTest, AMissingKeyIsToldAndNothingIsMade) {
  Open()->Create(SessionOf("a"), {ClientSays("Hello")});
  fs::rename(file_ + ".key", folder_.At("saved"));
  const std::string before = ReadFile(file_);
  EXPECT_THAT(FaultOfOpening(), HasSubstr("there is no " + file_ + ".key; put it back"));
  EXPECT_FALSE(fs::exists(file_ + ".key"));
  EXPECT_EQ(ReadFile(file_), before);
  fs::rename(folder_.At("saved"), file_ + ".key");
  EXPECT_THAT(TextsOf(Open()->Messages("a")), ElementsAre("Hello"));
}

TEST_F(SqliteStoreTest, AnotherKeyIsToldAtOnce) {
  Open()->Create(SessionOf("a"), {});
  (void)OpenSqliteStore({folder_.At("other.db")});
  fs::rename(folder_.At("other.db.key"), file_ + ".key");
  EXPECT_THAT(FaultOfOpening(),
              HasSubstr("does not open with this key (from " + file_ + ".key); "));
}

TEST_F(SqliteStoreTest, TheKeyMayComeFromAFileOrTheEnvironment) {
  const std::string key_file = folder_.At("my key");
  const SqliteOptions with_file{file_, key_file};
  EXPECT_THAT(ErrorOf([&] { (void)OpenSqliteStore(with_file); })->what(),
              HasSubstr("there is no key file " + key_file));
  EXPECT_FALSE(fs::exists(file_));
  WriteFileAtomically(key_file, std::string(kHexKey) + "\n");
  fs::permissions(key_file, fs::perms::owner_read);
  OpenSqliteStore(with_file)->Create(SessionOf("a"), {ClientSays("Hello")});
  EXPECT_FALSE(fs::exists(file_ + ".key"));

  ::setenv("EMOSTAGE_STORE_KEY", kHexKey, 1);
  EXPECT_THAT(TextsOf(Open()->Messages("a")), ElementsAre("Hello"));
  ::setenv("EMOSTAGE_STORE_KEY", "0123", 1);
  EXPECT_THAT(FaultOfOpening(),
              HasSubstr("$EMOSTAGE_STORE_KEY is no key; set it to 64 hex digits"));
  ::unsetenv("EMOSTAGE_STORE_KEY");

  // The same key as bare bytes.
  std::string bytes;
  for (char c = 0; c < 32; ++c) bytes += c;
  fs::remove(key_file);
  WriteFileAtomically(key_file, bytes);
  fs::permissions(key_file, fs::perms::owner_read);
  EXPECT_THAT(TextsOf(OpenSqliteStore(with_file)->Messages("a")), ElementsAre("Hello"));
}

TEST_F(SqliteStoreTest, AKeyFileThatOthersMayReadIsRefused) {
  Open()->Create(SessionOf("a"), {});
  for (const mode_t mode : {0640U, 0604U, 0660U, 0644U}) {
    ASSERT_EQ(::chmod((file_ + ".key").c_str(), mode), 0);
    EXPECT_THAT(FaultOfOpening(), HasSubstr("others may read the key file")) << mode;
  }
  ASSERT_EQ(::chmod((file_ + ".key").c_str(), 0600), 0);
  EXPECT_EQ(FaultOfOpening(), "");
}

TEST_F(SqliteStoreTest, AMalformedKeyFileIsTold) {
  Open()->Create(SessionOf("a"), {});
  const std::string good = ReadFile(file_ + ".key");
  for (const std::string& bad : {std::string(), good.substr(0, 63), "g" + good.substr(1),
                                 good + good, std::string(31, 'x'), std::string(5000, 'a')}) {
    WriteFileAtomically(file_ + ".key", bad);
    EXPECT_THAT(FaultOfOpening(), HasSubstr("holds no key of 32 bytes")) << bad.size();
  }
}

// --- encryption ---

TEST_F(SqliteStoreTest, NoWordsAreEverInTheFile) {
  const std::string canary = "Canary-Wörter";
  const auto store = Open();
  StoredSession session = SessionOf("a");
  session.title = "title " + canary;
  session.outside_id = "outside " + canary;
  session.client = "client " + canary;
  store->Create(session, {ClientSays(canary, "tip " + canary)});
  store->Write(session, 1, {CounsellorSays("reply " + canary, "{\"reply\":\"" + canary + "\"}")});
  SessionQuery query;
  query.words = canary;
  EXPECT_EQ(store->List(query).sessions.size(), 1U);
  EXPECT_EQ(BytesOnDisk().find(canary), std::string::npos);
  EXPECT_NE(BytesOnDisk().find("smollm2-135m"), std::string::npos);  // the search can find
  store->Delete("a");
  EXPECT_EQ(BytesOnDisk().find(canary), std::string::npos);
}

TEST_F(SqliteStoreTest, EqualTextsDoNotLookEqual) {
  const auto store = Open();
  store->Create(SessionOf("a"), {ClientSays("same"), ClientSays("same")});
  EXPECT_EQ(Ask("SELECT count(DISTINCT text) FROM messages"), "2");
}

TEST_F(SqliteStoreTest, WhatWasMovedOrChangedDoesNotOpen) {
  const struct {
    const char* what;
    const char* sql;
    bool session;  // else a message
  } cases[] = {
      {"texts of two messages",
       "UPDATE messages SET text = (SELECT text FROM messages WHERE session = 'a' AND place = 2)"
       " WHERE session = 'a' AND place = 0",
       false},
      {"the order of messages",
       "UPDATE messages SET place = place + 10 WHERE session = 'a'; UPDATE messages SET place = 12 "
       "- place WHERE session = 'a'",
       false},
      {"the same place of another session",
       "UPDATE messages SET text = (SELECT text FROM messages WHERE session = 'b' AND place = 0)"
       " WHERE session = 'a' AND place = 0",
       false},
      {"an answer for a text",
       "UPDATE messages SET text = answer WHERE session = 'a' AND place = 1", false},
      {"who said it", "UPDATE messages SET role = 1 - role WHERE session = 'a'", false},
      {"a bit", "UPDATE messages SET text = text || x'00' WHERE session = 'a' AND place = 0",
       false},
      {"an empty text", "UPDATE messages SET text = x'' WHERE session = 'a' AND place = 0", false},
      {"a message gone", "DELETE FROM messages WHERE session = 'a' AND place = 1", false},
      {"the last message gone", "DELETE FROM messages WHERE session = 'a' AND place = 2", false},
      {"titles", "UPDATE sessions SET title = (SELECT title FROM sessions WHERE id = 'b')", true},
      {"a title for a client", "UPDATE sessions SET client = title", true},
      {"a title for an outside id", "UPDATE sessions SET outside_id = title", true},
  };
  for (const auto& [what, sql, session] : cases) {
    SCOPED_TRACE(what);
    const TestFolder folder;
    file_ = folder.At("talks.db");
    {
      const auto store = Open();
      for (const char* id : {"a", "b"}) {
        store->Create(SessionOf(id), {ClientSays("1"), CounsellorSays("2"), ClientSays("3")});
      }
    }
    Exec(sql);
    const auto store = Open();
    const auto error = ErrorOf([&, by_session = session] {
      if (by_session) {
        (void)store->Find("a");
      } else {
        (void)store->Messages("a");
      }
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::kIo);
    EXPECT_THAT(error->what(), HasSubstr("'emostage store recover "));
    EXPECT_EQ(TextsOf(store->Messages("b")), (std::vector<std::string>{"1", "2", "3"}));
  }
}

// --- deletion ---

// Which pieces of eight bytes stand anywhere in `bytes`.
std::unordered_set<uint64_t> Pieces(const std::string& bytes) {
  std::unordered_set<uint64_t> pieces;
  pieces.reserve(bytes.size());
  for (std::size_t i = 0; i + sizeof(uint64_t) <= bytes.size(); ++i) {
    uint64_t piece = 0;
    std::memcpy(&piece, bytes.data() + i, sizeof(piece));
    if (piece != 0) pieces.insert(piece);
  }
  return pieces;
}

// How many of `blob`'s pieces of eight bytes are among them.
std::size_t CountPieces(const std::string& blob, const std::unordered_set<uint64_t>& pieces) {
  std::size_t found = 0;
  for (std::size_t i = 0; i + sizeof(uint64_t) <= blob.size(); i += sizeof(uint64_t)) {
    uint64_t piece = 0;
    std::memcpy(&piece, blob.data() + i, sizeof(piece));
    found += pieces.count(piece);
  }
  return found;
}

class DeletionTest : public SqliteStoreTest {
 protected:
  // Everything encrypted or hashed that the file has of a session.
  [[nodiscard]] std::vector<std::string> BlobsOf(const std::string& id) const {
    SQLite::Database db(file_, SQLite::OPEN_READONLY, 1000);
    std::vector<std::string> blobs;
    for (const char* sql : {"SELECT title, outside_id, outside_hash, client, client_hash FROM"
                            " sessions WHERE id = ?",
                            "SELECT text, answer, tip, tip_hash FROM messages WHERE session = ?"}) {
      SQLite::Statement query(db, sql);
      query.bind(1, id);
      while (query.executeStep()) {
        for (int i = 0; i < query.getColumnCount(); ++i) {
          if (!query.getColumn(i).isNull()) blobs.push_back(query.getColumn(i).getString());
        }
      }
    }
    return blobs;
  }

  void ExpectOnDisk(const std::vector<std::string>& blobs, bool wanted) const {
    const auto pieces = Pieces(BytesOnDisk());
    for (const std::string& blob : blobs) {
      const std::size_t found = CountPieces(blob, pieces);
      if (wanted) {
        EXPECT_GT(found, 0U);
      } else {
        EXPECT_EQ(found, 0U) << "of " << blob.size() << " bytes";
      }
    }
  }

  static StoredSession Full(const std::string& id, int64_t updated_ms = 1000) {
    StoredSession session = SessionOf(id, updated_ms);
    session.outside_id = "outside " + id;
    session.client = "client " + id;
    return session;
  }
};

TEST_F(DeletionTest, NothingOfADeletedSessionStaysOnTheDisk) {
  const auto store = Open();
  store->Create(Full("a"), {ClientSays("short", "t1"),
                            CounsellorSays("long", std::string(20'000, 'x'), "t2")});
  store->Create(Full("b"), {ClientSays("kept")});
  const auto blobs = BlobsOf("a");
  ASSERT_EQ(blobs.size(), 12U);
  ExpectOnDisk(blobs, true);
  EXPECT_TRUE(store->Delete("a"));
  ExpectOnDisk(blobs, false);
  ExpectOnDisk(BlobsOf("b"), true);
}

TEST_F(DeletionTest, NothingOfReplacedMessagesStaysOnTheDisk) {
  const auto store = Open();
  store->Create(Full("a"), {ClientSays("1"), CounsellorSays("regretted", std::string(3000, 'x'))});
  const auto before = BlobsOf("a");
  store->Write(Full("a"), 1, {CounsellorSays("better")});
  const auto pieces = Pieces(BytesOnDisk());
  EXPECT_EQ(CountPieces(before.at(6), pieces), 0U);
  EXPECT_EQ(CountPieces(before.at(7), pieces), 0U);
}

TEST_F(DeletionTest, NothingStaysAfterManyTalksOfManySizes) {
  // Rows move between pages as others come and go; no copy of theirs may be left behind.
  std::mt19937 random(20260731);
  const auto store = Open();
  std::vector<std::string> alive;
  std::vector<std::string> gone;
  for (int round = 0; round < 400; ++round) {
    if (alive.size() < 20 || random() % 2 == 0) {
      const std::string id = "talk" + std::to_string(round * 7919 % 1009);
      if (store->Find(id)) continue;
      std::vector<StoredMessage> messages;
      for (uint32_t i = random() % 6; i > 0; --i) {
        messages.push_back(
            CounsellorSays(std::string(random() % 700, 'x'),
                           std::string(random() % 5 == 0 ? random() % 9000 : 10, 'y'), "tip"));
      }
      store->Create(Full(id, round), messages);
      alive.push_back(id);
    } else {
      const std::size_t which = random() % alive.size();
      for (std::string& blob : BlobsOf(alive[which])) gone.push_back(std::move(blob));
      ASSERT_TRUE(store->Delete(alive[which]));
      alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }
  ASSERT_GT(gone.size(), 500U);
  // Tips were all the same, so their hash is alive still; titles and texts are not.
  const std::string living = alive.empty() ? "" : BlobsOf(alive.back()).back();
  std::erase(gone, living);
  ExpectOnDisk(gone, false);
  for (const std::string& id : alive) ExpectOnDisk(BlobsOf(id), true);
}

TEST_F(DeletionTest, WhatAReaderHoldsBackGoesWithTheNextChange) {
  SqliteOptions options{file_};
  options.busy_ms = 20;
  const auto store = OpenSqliteStore(options);
  store->Create(Full("a"), {ClientSays(std::string(500, 'x'))});
  store->Create(Full("b"), {});
  const auto blobs = BlobsOf("a");
  {
    SQLite::Database reader(file_, SQLite::OPEN_READWRITE, 1000);
    SQLite::Transaction reading(reader);
    EXPECT_EQ(reader.execAndGet("SELECT count(*) FROM sessions").getInt(), 2);
    EXPECT_TRUE(store->Delete("a"));  // does not fail
    EXPECT_FALSE(store->Find("a"));
    ExpectOnDisk(blobs, true);
  }
  store->Update(Full("b"));
  ExpectOnDisk(blobs, false);
}

TEST_F(DeletionTest, RetentionLeavesNothingOnTheDisk) {
  const auto store = Open();
  std::vector<std::string> gone;
  for (int i = 0; i < 50; ++i) {
    const std::string id = "s" + std::to_string(i);
    store->Create(Full(id, i), {ClientSays(std::string(static_cast<std::size_t>(i) * 50, 'x'))});
    if (i >= 40) continue;
    for (std::string& blob : BlobsOf(id)) gone.push_back(std::move(blob));
  }
  EXPECT_EQ(store->DeleteOlderThan(40), 40);
  ExpectOnDisk(gone, false);
}

}  // namespace
}  // namespace emostage
