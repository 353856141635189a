#ifndef EMOSTAGE_SESSION_STORE_STORE_H_
#define EMOSTAGE_SESSION_STORE_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/dialogue.h"

namespace emostage {

// A session as it is kept: what it is set to and who owns it, without its messages.
struct StoredSession {
  std::string id;     // unguessable; made by NewSessionId()
  std::string owner;  // the name of the API key it was made with; empty where there are none
  std::string title;
  std::string method;
  std::string scheme;
  std::string model;
  std::string language = "auto";  // or a language's code
  std::string outside_id;         // what a chat program calls this talk; empty: nothing
  std::string client;  // who talks, by a name of the owner's; empty: nobody in particular
  uint64_t seed = 0;
  int64_t created_ms = 0;  // Unix time
  int64_t updated_ms = 0;
  int messages = 0;  // kept by the store, ignored when written
};

struct StoredMessage {
  Role role = Role::kClient;
  std::string text;
  int64_t at_ms = 0;
  bool cancelled = false;  // a reply that was stopped: the text is what there was
  std::string answer;      // a reply's trace, as AnswerToJson writes it; empty: none
  // Tells everything said up to and with this message, so that a talk can be found again by its own
  // words; not the words themselves. Empty: not to be found so.
  std::string tip;
};

struct SessionQuery {
  std::optional<std::string> owner;  // none: everyone's
  // Only sessions in whose title or messages each of these words stands somewhere, in any case of
  // letters and as part of a longer word too. Every session is read for that.
  std::string words;
  int limit = 50;      // below 1: 1
  std::string before;  // the `next` of the page before
};
struct SessionPage {
  std::vector<StoredSession> sessions;  // updated last first
  std::string next;                     // empty: that was all
};

struct StoredKey {
  std::string name;
  std::string role;
  std::string hash;  // never the key itself
  int64_t created_ms = 0;
};

// Where talks are kept. Thread-safe. What a call has written when it returns is there after the
// process is killed; a call that throws has written nothing. Throws Error: kIo where the disk or
// the file is at fault (what() says which file and what to do), kBusy where another process holds
// it too long, kUsage for a session that is not there. Any bytes may stand in any text.
class Store {
 public:
  virtual ~Store() = default;

  // kUsage where there is a session of this id.
  virtual void Create(const StoredSession& session, const std::vector<StoredMessage>& messages) = 0;
  [[nodiscard]] virtual std::optional<StoredSession> Find(const std::string& id) = 0;
  // Of `owner`: the session with this outside id; the one made last where there are several. None
  // has an empty one.
  [[nodiscard]] virtual std::optional<StoredSession> FindOutside(const std::string& owner,
                                                                 const std::string& outside_id) = 0;
  // Of `owner`: a session whose newest message has this tip; the one written last where there are
  // several. None has an empty one.
  [[nodiscard]] virtual std::optional<StoredSession> FindByTip(const std::string& owner,
                                                               const std::string& tip) = 0;
  // Of `owner`: the sessions of this client, updated last first, `most` at most. An empty client
  // has none.
  [[nodiscard]] virtual std::vector<StoredSession> SessionsOf(const std::string& owner,
                                                              const std::string& client,
                                                              int most) = 0;
  // kUsage for a `before` that no page had as its `next`. Sessions written between two pages may be
  // missed or come again; all others come exactly once.
  [[nodiscard]] virtual SessionPage List(const SessionQuery& query) = 0;
  // In order.
  [[nodiscard]] virtual std::vector<StoredMessage> Messages(const std::string& id) = 0;
  // The same without the traces, which are by far the most of it.
  [[nodiscard]] virtual std::vector<StoredMessage> Words(const std::string& id) = 0;
  // Replaces what stands from message `from` on by `messages`, and what the session is set to, in
  // one transaction. `from` is at most the number of messages there (else kUsage).
  virtual void Write(const StoredSession& session, int from,
                     const std::vector<StoredMessage>& messages) = 0;
  // Changes what the session is set to; its messages stay.
  virtual void Update(const StoredSession& session) = 0;
  // False: it was not there. What is deleted, or replaced by Write, is gone from the file too;
  // where another process reads the file meanwhile, with the first change after that.
  virtual bool Delete(const std::string& id) = 0;
  // Deletes the sessions that were last written before then; returns how many.
  virtual int DeleteOlderThan(int64_t unix_ms) = 0;

  // Keys of the API, by name.
  virtual void AddKey(const StoredKey& key) = 0;  // kUsage where the name is taken
  [[nodiscard]] virtual std::vector<StoredKey> Keys() = 0;
  virtual bool RemoveKey(const std::string& name) = 0;

  // Throws where the store cannot be read and written now.
  virtual void Check() = 0;
};

// 130 random bits in 26 small letters and digits.
[[nodiscard]] std::string NewSessionId();

// Kept in memory only; for tests, and for those who want nothing kept.
[[nodiscard]] std::unique_ptr<Store> OpenMemoryStore();

struct SqliteOptions {
  std::string file;
  // Where the key of 32 bytes is that texts are encrypted with: a file of 64 hex digits, or of the
  // bare bytes, that nobody but its owner may read. Empty: $EMOSTAGE_STORE_KEY (64 hex digits), or
  // else FILE.key, which is made together with the file.
  std::string key_file;
  int busy_ms = 5000;  // how long to wait for another process
};

// Makes the file where it is missing or empty, and brings an older one up to date. The whole file
// is read once to see that it is sound. Throws Error(kIo) for a file that is no database, is
// damaged (it is left as it is), has been written by a newer version, or does not open with this
// key.
[[nodiscard]] std::unique_ptr<Store> OpenSqliteStore(const SqliteOptions& options);

// Copies what can still be read of a damaged file into a new one, which must not be there yet.
// Returns a line on what was saved and what was lost. The damaged file is only read; nobody should
// have it open. Where its key was FILE.key, the new file gets a copy of it.
[[nodiscard]] std::string RecoverSqliteStore(const SqliteOptions& damaged,
                                             const std::string& new_file);

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_STORE_H_
