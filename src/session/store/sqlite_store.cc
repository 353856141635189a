#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "session/store/common.h"
#include "session/store/rows.h"
#include "session/store/schema.h"
#include "session/store/store.h"
#include "session/store/store_file.h"
#include "session/store/traces.h"

namespace emostage {
namespace {

constexpr const char* kSelectSession =
    "SELECT id, owner, title, method, scheme, model, language, outside_id, seed, created_ms,"
    " updated_ms, messages, client FROM sessions ";
constexpr const char* kNewestFirst = " ORDER BY updated_ms DESC, id DESC LIMIT ";

void BindText(SQLite::Statement& statement, int index, const std::string& text) {
  // With its length: a NUL byte ends nothing.
  statement.bindNoCopy(index, text);
}

// NULL where there is nothing.
void BindOptional(SQLite::Statement& statement, int index, const std::string& bytes) {
  if (bytes.empty()) {
    statement.bind(index);
  } else {
    BindBlob(statement, index, bytes);
  }
}

std::string Text(const SQLite::Statement& row, int index) {
  return row.getColumn(index).getString();
}

SessionRow ReadSession(const SQLite::Statement& query) {
  SessionRow row;
  row.plain.id = Text(query, 0);
  row.plain.owner = Text(query, 1);
  row.title = Text(query, 2);
  row.plain.method = Text(query, 3);
  row.plain.scheme = Text(query, 4);
  row.plain.model = Text(query, 5);
  row.plain.language = Text(query, 6);
  row.outside_id = Text(query, 7);
  row.plain.seed = static_cast<uint64_t>(query.getColumn(8).getInt64());
  row.plain.created_ms = query.getColumn(9).getInt64();
  row.plain.updated_ms = query.getColumn(10).getInt64();
  row.plain.messages = query.getColumn(11).getInt();
  row.client = Text(query, 12);
  return row;
}

// The parameters of an insert or an update, in this order; the id is the first.
void BindSession(SQLite::Statement& statement, const SessionRow& row, int messages) {
  const StoredSession& session = row.plain;
  BindText(statement, 1, session.id);
  BindText(statement, 2, session.owner);
  BindBlob(statement, 3, row.title);
  BindText(statement, 4, session.method);
  BindText(statement, 5, session.scheme);
  BindText(statement, 6, session.model);
  BindText(statement, 7, session.language);
  BindOptional(statement, 8, row.outside_id);
  BindOptional(statement, 9, row.outside_hash);
  statement.bind(10, static_cast<int64_t>(session.seed));
  statement.bind(11, session.created_ms);
  statement.bind(12, session.updated_ms);
  statement.bind(13, messages);
  BindOptional(statement, 14, row.client);
  BindOptional(statement, 15, row.client_hash);
}

// A statement that is made once and used again and again, for making one takes longer than most of
// them run. Without rows and texts when its user lets it go: an open one would keep the log from
// being emptied.
class Borrowed {
 public:
  explicit Borrowed(SQLite::Statement& statement) : statement_(statement) {}
  ~Borrowed() {
    statement_.tryReset();
    statement_.clearBindings();  // of a statement at rest: does not fail
  }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;

  [[nodiscard]] SQLite::Statement& operator*() const { return statement_; }

 private:
  SQLite::Statement& statement_;
};

// One connection and one mutex: writes are one at a time in SQLite anyway, and a read takes a
// fraction of a millisecond. A search lets others in between two sessions.
class SqliteStore : public Store {
 public:
  explicit SqliteStore(const SqliteOptions& options) : file_(options, StoreMigrations()) {}

  void Create(const StoredSession& session, const std::vector<StoredMessage>& messages) override {
    const SessionRow row = SealSession(session, file_.sealer());
    const std::vector<MessageRow> rows = SealAll(session.id, 0, messages);
    Changing([&] {
      if (CountMessages(session.id)) throw SessionExists();
      SQLite::Statement insert(file_.db(),
                               "INSERT INTO sessions (id, owner, title, method, scheme, model,"
                               " language, outside_id, outside_hash, seed, created_ms, updated_ms,"
                               " messages, client, client_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
                               " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)");
      BindSession(insert, row, static_cast<int>(rows.size()));
      insert.exec();
      Insert(rows);
    });
  }

  std::optional<StoredSession> Find(const std::string& id) override {
    return Reading([&] { return First("WHERE id = ?1", {id}, {}); });
  }

  std::optional<StoredSession> FindOutside(const std::string& owner,
                                           const std::string& outside_id) override {
    if (outside_id.empty()) return std::nullopt;
    const std::string hash = OutsideHash(outside_id, file_.sealer());
    return Reading([&] {
      return First(
          "WHERE owner = ?1 AND outside_hash = ?2"
          " ORDER BY created_ms DESC, updated_ms DESC, id DESC LIMIT 1",
          {owner}, hash);
    });
  }

  std::optional<StoredSession> FindByTip(const std::string& owner,
                                         const std::string& tip) override {
    if (tip.empty()) return std::nullopt;
    const std::string hash = TipHash(tip, file_.sealer());
    return Reading([&] {
      return First(
          "WHERE owner = ?1 AND EXISTS (SELECT 1 FROM messages m WHERE m.tip_hash = ?2"
          " AND m.session = sessions.id AND m.place = sessions.messages - 1)"
          " ORDER BY updated_ms DESC, id DESC LIMIT 1",
          {owner}, hash);
    });
  }

  std::vector<StoredSession> SessionsOf(const std::string& owner, const std::string& client,
                                        int most) override {
    if (client.empty()) return {};
    const std::string hash = ClientHash(client, file_.sealer());
    return Reading([&] {
      const Borrowed borrowed = Borrow(std::string(kSelectSession) +
                                       "WHERE owner = ?1 AND client_hash = ?2"
                                       " ORDER BY updated_ms DESC, id DESC LIMIT ?3");
      SQLite::Statement& query = *borrowed;
      BindText(query, 1, owner);
      BindBlob(query, 2, hash);
      query.bind(3, std::max(0, most));
      std::vector<StoredSession> sessions;
      while (query.executeStep()) {
        sessions.push_back(Opened(ReadSession(query)));
        // The hash is not bound to its row: one that was moved must not bring in another's talk.
        if (sessions.back().client != client) throw DoesNotOpen();
      }
      return sessions;
    });
  }

  SessionPage List(const SessionQuery& query) override {
    constexpr int kSearchBatch = 32;
    const WordSearch search(query.words);
    std::optional<ListPlace> place;
    if (!query.before.empty()) place = ParseListPlace(query.before);
    const int limit = std::clamp(query.limit, 1, std::numeric_limits<int>::max() - 1);
    const int batch_size = search.empty() ? limit + 1 : kSearchBatch;
    SessionPage page;
    for (;;) {
      std::vector<StoredSession> batch =
          Reading([&] { return Batch(query.owner, place, batch_size); });
      const bool last = static_cast<int>(batch.size()) < batch_size;
      if (!batch.empty()) place = ListPlace::Of(batch.back());
      for (StoredSession& session : batch) {
        if (!search.empty() && !search.FoundIn(session, Texts(session.id))) continue;
        if (static_cast<int>(page.sessions.size()) == limit) {
          page.next = ListPlaceToText(ListPlace::Of(page.sessions.back()));
          return page;
        }
        page.sessions.push_back(std::move(session));
      }
      if (last) return page;
    }
  }

  std::vector<StoredMessage> Messages(const std::string& id) override {
    return Reading([&] { return All(id, "answer"); });
  }

  std::vector<StoredMessage> Words(const std::string& id) override {
    return Reading([&] { return All(id, "NULL"); });
  }

  void Write(const StoredSession& session, int from,
             const std::vector<StoredMessage>& messages) override {
    const SessionRow row = SealSession(session, file_.sealer());
    const std::vector<MessageRow> rows = SealAll(session.id, from, messages);
    Changing([&] {
      const std::optional<int> count = CountMessages(session.id);
      if (!count) throw NoSuchSession();
      if (from < 0 || from > *count) throw BeyondTheEnd(from, *count);
      if (from < *count) {
        Remember("SELECT text, answer, tip FROM messages WHERE session = ?1 AND place >= ?2",
                 [&](SQLite::Statement& query) {
                   BindText(query, 1, session.id);
                   query.bind(2, from);
                 });
        SQLite::Statement cut(file_.db(),
                              "DELETE FROM messages WHERE session = ?1 AND place >= ?2");
        BindText(cut, 1, session.id);
        cut.bind(2, from);
        cut.exec();
        log_holds_deleted_ = true;
      }
      Insert(rows);
      UpdateSession(row, from + static_cast<int>(rows.size()));
    });
  }

  void Update(const StoredSession& session) override {
    const SessionRow row = SealSession(session, file_.sealer());
    Changing([&] {
      const std::optional<int> count = CountMessages(session.id);
      if (!count) throw NoSuchSession();
      UpdateSession(row, *count);
    });
  }

  bool Delete(const std::string& id) override {
    return Changing([&] {
      const auto bind = [&id](SQLite::Statement& query) { BindText(query, 1, id); };
      Remember("SELECT title, outside_id, client FROM sessions WHERE id = ?1", bind);
      Remember("SELECT text, answer, tip FROM messages WHERE session = ?1", bind);
      SQLite::Statement remove(file_.db(), "DELETE FROM sessions WHERE id = ?1");
      BindText(remove, 1, id);
      return Removed(remove.exec()) > 0;  // its messages go with it
    });
  }

  int DeleteOlderThan(int64_t unix_ms) override {
    return Changing([&] {
      const auto bind = [&](SQLite::Statement& query) { query.bind(1, unix_ms); };
      Remember("SELECT title, outside_id, client FROM sessions WHERE updated_ms < ?1", bind);
      Remember(
          "SELECT text, answer, tip FROM messages WHERE session IN"
          " (SELECT id FROM sessions WHERE updated_ms < ?1)",
          bind);
      SQLite::Statement remove(file_.db(), "DELETE FROM sessions WHERE updated_ms < ?1");
      remove.bind(1, unix_ms);
      return Removed(remove.exec());
    });
  }

  void AddKey(const StoredKey& key) override {
    Changing([&] {
      SQLite::Statement insert(file_.db(),
                               "INSERT OR IGNORE INTO api_keys (name, role, hash, created_ms)"
                               " VALUES (?1, ?2, ?3, ?4)");
      BindText(insert, 1, key.name);
      BindText(insert, 2, key.role);
      BindText(insert, 3, key.hash);
      insert.bind(4, key.created_ms);
      if (insert.exec() == 0) throw KeyExists(key.name);
    });
  }

  std::vector<StoredKey> Keys() override {
    return Reading([&] {
      SQLite::Statement query(file_.db(),
                              "SELECT name, role, hash, created_ms FROM api_keys ORDER BY name");
      std::vector<StoredKey> keys;
      while (query.executeStep()) {
        keys.push_back(
            {Text(query, 0), Text(query, 1), Text(query, 2), query.getColumn(3).getInt64()});
      }
      return keys;
    });
  }

  bool RemoveKey(const std::string& name) override {
    return Changing([&] {
      SQLite::Statement remove(file_.db(), "DELETE FROM api_keys WHERE name = ?1");
      BindText(remove, 1, name);
      return Removed(remove.exec()) > 0;
    });
  }

  void Check() override {
    file_.CheckStillThere();
    // Only a write that has come to the disk shows that one can.
    Changing([&] {
      file_.db().exec(
          "INSERT OR REPLACE INTO about (name, value) VALUES ('checked', randomblob(16))");
    });
  }

 private:
  // Runs `read` with the connection to itself. `read` leaves no statement open.
  template <typename F>
  auto Reading(F read) -> decltype(read()) {
    const std::lock_guard lock(mutex_);
    return Translated(read);
  }

  // The same in a transaction: what `change` does is done as a whole, and on the disk, or not at
  // all.
  template <typename F>
  auto Changing(F change) -> decltype(change()) {
    const std::lock_guard lock(mutex_);
    const bool held_before = log_holds_deleted_;
    const AfterChange after{this, held_before};
    return Translated([&] {
      SQLite::Transaction transaction(file_.db(), SQLite::TransactionBehavior::IMMEDIATE);
      if constexpr (std::is_void_v<decltype(change())>) {
        change();
        transaction.commit();
      } else {
        auto result = change();
        transaction.commit();
        return result;
      }
    });
  }

  // Takes what was deleted out of the log as well, once the transaction is over. Others may be
  // reading it: they are waited for at the deletion itself, and after that with each change it is
  // only tried.
  struct AfterChange {
    SqliteStore* store;
    bool held_before;
    ~AfterChange() {
      if (!store->log_holds_deleted_) {
        store->deleted_.Clear();  // of a change that was not made
        return;
      }
      const int wait_ms = held_before ? 0 : store->file_.options().busy_ms;
      if (store->file_.EmptyLog(wait_ms) && store->NothingStayed()) {
        store->log_holds_deleted_ = false;
        store->deleted_.Clear();
      }
    }
  };

  // Texts that are about to be deleted.
  template <typename Bind>
  void Remember(const char* sql, const Bind& bind) {
    SQLite::Statement query(file_.db(), sql);
    bind(query);
    while (!deleted_.TooMany() && query.executeStep()) {
      for (int i = 0; i < query.getColumnCount(); ++i) {
        const SQLite::Column column = query.getColumn(i);
        if (!column.isNull()) deleted_.Add(column.getString());
      }
    }
  }

  // Whether what was deleted is gone from the file, which is written anew where it is not.
  bool NothingStayed() {
    try {
      if (!deleted_.TooMany() && !deleted_.InFile(file_.options().file)) return true;
    } catch (const std::exception&) {
      // A file that cannot be read is told about by whoever reads it next.
      return false;
    }
    return file_.Rewrite() && file_.EmptyLog(file_.options().busy_ms);
  }

  template <typename F>
  auto Translated(F action) -> decltype(action()) {
    try {
      return action();
    } catch (const SQLite::Exception& fault) {
      throw file_.Fault(fault);
    }
  }

  int Removed(int rows) {
    if (rows > 0) log_holds_deleted_ = true;
    return rows;
  }

  [[nodiscard]] Error DoesNotOpen() const {
    return file_.Damaged("a text in it does not open: it was changed, or moved");
  }

  [[nodiscard]] Error MessageMissing() const {
    return file_.Damaged("a message of a session is missing");
  }

  [[nodiscard]] std::vector<MessageRow> SealAll(const std::string& id, int from,
                                                const std::vector<StoredMessage>& messages) const {
    std::vector<MessageRow> rows;
    rows.reserve(messages.size());
    for (const StoredMessage& message : messages) {
      rows.push_back(
          SealMessage(id, from + static_cast<int>(rows.size()), message, file_.sealer()));
    }
    return rows;
  }

  std::optional<int> CountMessages(const std::string& id) {
    const Borrowed borrowed = Borrow("SELECT messages FROM sessions WHERE id = ?1");
    SQLite::Statement& query = *borrowed;
    BindText(query, 1, id);
    if (!query.executeStep()) return std::nullopt;
    return query.getColumn(0).getInt();
  }

  void Insert(const std::vector<MessageRow>& rows) {
    const Borrowed borrowed = Borrow(
        "INSERT INTO messages (session, place, role, text, at_ms, cancelled, answer, tip, tip_hash)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    SQLite::Statement& insert = *borrowed;
    for (const MessageRow& row : rows) {
      BindText(insert, 1, row.session);
      insert.bind(2, row.place);
      insert.bind(3, row.plain.role == Role::kClient ? 0 : 1);
      BindBlob(insert, 4, row.text);
      insert.bind(5, row.plain.at_ms);
      insert.bind(6, row.plain.cancelled ? 1 : 0);
      BindOptional(insert, 7, row.answer);
      BindOptional(insert, 8, row.tip);
      BindOptional(insert, 9, row.tip_hash);
      insert.exec();
      insert.reset();
    }
  }

  void UpdateSession(const SessionRow& row, int messages) {
    const Borrowed update = Borrow(
        "UPDATE sessions SET owner = ?2, title = ?3, method = ?4, scheme = ?5, model = ?6,"
        " language = ?7, outside_id = ?8, outside_hash = ?9, seed = ?10, created_ms = ?11,"
        " updated_ms = ?12, messages = ?13, client = ?14, client_hash = ?15 WHERE id = ?1");
    BindSession(*update, row, messages);
    (*update).exec();
  }

  [[nodiscard]] StoredSession Opened(const SessionRow& row) const {
    std::optional<StoredSession> session = OpenSession(row, file_.sealer());
    if (!session) throw DoesNotOpen();
    return *std::move(session);
  }

  // The first session of which the condition is true; `hash` is its ?2 where it has one.
  std::optional<StoredSession> First(const std::string& condition, const std::string& text,
                                     const std::string& hash) {
    const Borrowed borrowed = Borrow(kSelectSession + condition);
    SQLite::Statement& query = *borrowed;
    BindText(query, 1, text);
    if (!hash.empty()) BindBlob(query, 2, hash);
    if (!query.executeStep()) return std::nullopt;
    return Opened(ReadSession(query));
  }

  // The next sessions of the list.
  std::vector<StoredSession> Batch(const std::optional<std::string>& owner,
                                   const std::optional<ListPlace>& place, int count) {
    std::string sql = kSelectSession;
    sql += owner ? "WHERE owner = ?1" : "WHERE 1";
    if (place) sql += " AND (updated_ms, id) < (?2, ?3)";
    SQLite::Statement query(file_.db(), sql + kNewestFirst + std::to_string(count));
    if (owner) BindText(query, 1, *owner);
    if (place) query.bind(2, place->updated_ms);
    if (place) BindText(query, 3, place->id);
    std::vector<StoredSession> sessions;
    while (query.executeStep()) sessions.push_back(Opened(ReadSession(query)));
    return sessions;
  }

  // The messages of a session; `answer` says in SQL what to take for their traces.
  std::vector<StoredMessage> All(const std::string& id, const std::string& answer) {
    // Both reads see the same moment.
    const SQLite::Transaction moment(file_.db());
    const std::optional<int> count = CountMessages(id);
    if (!count) throw NoSuchSession();
    const Borrowed borrowed = Borrow("SELECT place, role, text, at_ms, cancelled, tip, " + answer +
                                     " FROM messages WHERE session = ?1 ORDER BY place");
    SQLite::Statement& query = *borrowed;
    BindText(query, 1, id);
    std::vector<StoredMessage> messages;
    while (query.executeStep()) {
      MessageRow row;
      row.session = id;
      row.place = query.getColumn(0).getInt();
      row.plain.role = query.getColumn(1).getInt() == 0 ? Role::kClient : Role::kCounsellor;
      row.text = Text(query, 2);
      row.plain.at_ms = query.getColumn(3).getInt64();
      row.plain.cancelled = query.getColumn(4).getInt() != 0;
      row.tip = Text(query, 5);
      row.answer = Text(query, 6);
      std::optional<StoredMessage> message = OpenMessage(row, file_.sealer());
      if (!message) throw DoesNotOpen();
      messages.push_back(*std::move(message));
      if (row.place != static_cast<int>(messages.size()) - 1) throw MessageMissing();
    }
    if (*count != static_cast<int>(messages.size())) throw MessageMissing();
    return messages;
  }

  // The messages of a session with nothing but their texts; none where it has gone meanwhile.
  std::vector<StoredMessage> Texts(const std::string& id) {
    return Reading([&] {
      SQLite::Statement query(
          file_.db(), "SELECT place, role, text FROM messages WHERE session = ?1 ORDER BY place");
      BindText(query, 1, id);
      std::vector<StoredMessage> messages;
      while (query.executeStep()) {
        MessageRow row;
        row.session = id;
        row.place = query.getColumn(0).getInt();
        row.plain.role = query.getColumn(1).getInt() == 0 ? Role::kClient : Role::kCounsellor;
        row.text = Text(query, 2);
        std::optional<std::string> text = OpenText(row, file_.sealer());
        if (!text) throw DoesNotOpen();
        messages.push_back({row.plain.role, *std::move(text)});
      }
      return messages;
    });
  }

  // `sql` comes from a few constants: each is kept.
  Borrowed Borrow(const std::string& sql) {
    return Borrowed(statements_.try_emplace(sql, file_.db(), sql).first->second);
  }

  std::mutex mutex_;
  StoreFile file_;
  std::map<std::string, SQLite::Statement> statements_;  // gone before the file is closed
  bool log_holds_deleted_ = false;
  Traces deleted_;  // what the log, or a page of the file, may hold still
};

}  // namespace

std::unique_ptr<Store> OpenSqliteStore(const SqliteOptions& options) {
  return std::make_unique<SqliteStore>(options);
}

}  // namespace emostage
