#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "session/store/common.h"
#include "session/store/store.h"

namespace emostage {
namespace {

auto Newness(const StoredSession& session) {
  return std::tie(session.created_ms, session.updated_ms, session.id);
}

void SortNewestFirst(std::vector<StoredSession>& sessions) {
  std::sort(sessions.begin(), sessions.end(), [](const StoredSession& a, const StoredSession& b) {
    return ListPlace::Of(b).Behind(ListPlace::Of(a));
  });
}

class MemoryStore : public Store {
 public:
  void Create(const StoredSession& session, const std::vector<StoredMessage>& messages) override {
    const std::lock_guard lock(mutex_);
    Talk talk{session, messages};
    talk.session.messages = static_cast<int>(messages.size());
    if (!talks_.try_emplace(session.id, std::move(talk)).second) throw SessionExists();
  }

  std::optional<StoredSession> Find(const std::string& id) override {
    const std::lock_guard lock(mutex_);
    const auto found = talks_.find(id);
    if (found == talks_.end()) return std::nullopt;
    return found->second.session;
  }

  std::optional<StoredSession> FindOutside(const std::string& owner,
                                           const std::string& outside_id) override {
    const std::lock_guard lock(mutex_);
    const StoredSession* best = nullptr;
    for (const auto& [id, talk] : talks_) {
      const StoredSession& session = talk.session;
      if (outside_id.empty() || session.owner != owner || session.outside_id != outside_id)
        continue;
      if (best == nullptr || Newness(*best) < Newness(session)) best = &session;
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
  }

  std::optional<StoredSession> FindByTip(const std::string& owner,
                                         const std::string& tip) override {
    const std::lock_guard lock(mutex_);
    const StoredSession* best = nullptr;
    for (const auto& [id, talk] : talks_) {
      const StoredSession& session = talk.session;
      if (tip.empty() || session.owner != owner || talk.messages.empty()) continue;
      if (talk.messages.back().tip != tip) continue;
      if (best == nullptr || ListPlace::Of(*best).Behind(ListPlace::Of(session))) best = &session;
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
  }

  std::vector<StoredSession> SessionsOf(const std::string& owner, const std::string& client,
                                        int most) override {
    const std::lock_guard lock(mutex_);
    std::vector<StoredSession> found;
    for (const auto& [id, talk] : talks_) {
      const StoredSession& session = talk.session;
      if (client.empty() || session.owner != owner || session.client != client) continue;
      found.push_back(session);
    }
    SortNewestFirst(found);
    found.resize(std::min(found.size(), static_cast<std::size_t>(std::max(0, most))));
    return found;
  }

  SessionPage List(const SessionQuery& query) override {
    const WordSearch search(query.words);
    std::optional<ListPlace> before;
    if (!query.before.empty()) before = ParseListPlace(query.before);
    const std::lock_guard lock(mutex_);
    std::vector<StoredSession> found;
    for (const auto& [id, talk] : talks_) {
      if (query.owner && talk.session.owner != *query.owner) continue;
      if (before && !ListPlace::Of(talk.session).Behind(*before)) continue;
      if (search.FoundIn(talk.session, talk.messages)) found.push_back(talk.session);
    }
    SortNewestFirst(found);
    SessionPage page;
    const auto limit = static_cast<std::size_t>(std::max(1, query.limit));
    if (found.size() > limit) {
      found.resize(limit);
      page.next = ListPlaceToText(ListPlace::Of(found.back()));
    }
    page.sessions = std::move(found);
    return page;
  }

  std::vector<StoredMessage> Messages(const std::string& id) override {
    const std::lock_guard lock(mutex_);
    return There(id).messages;
  }

  std::vector<StoredMessage> Words(const std::string& id) override {
    const std::lock_guard lock(mutex_);
    std::vector<StoredMessage> messages;
    for (const StoredMessage& kept : There(id).messages) {
      messages.push_back({.role = kept.role,
                          .text = kept.text,
                          .at_ms = kept.at_ms,
                          .cancelled = kept.cancelled,
                          .answer = "",
                          .tip = kept.tip});
    }
    return messages;
  }

  void Write(const StoredSession& session, int from,
             const std::vector<StoredMessage>& messages) override {
    const std::lock_guard lock(mutex_);
    Talk& talk = There(session.id);
    if (from < 0 || from > talk.session.messages) {
      throw BeyondTheEnd(from, talk.session.messages);
    }
    Talk next{session, {talk.messages.begin(), talk.messages.begin() + from}};
    next.messages.insert(next.messages.end(), messages.begin(), messages.end());
    next.session.messages = static_cast<int>(next.messages.size());
    talk = std::move(next);
  }

  void Update(const StoredSession& session) override {
    const std::lock_guard lock(mutex_);
    Talk& talk = There(session.id);
    const int messages = talk.session.messages;
    talk.session = session;
    talk.session.messages = messages;
  }

  bool Delete(const std::string& id) override {
    const std::lock_guard lock(mutex_);
    return talks_.erase(id) > 0;
  }

  int DeleteOlderThan(int64_t unix_ms) override {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::erase_if(talks_, [unix_ms](const auto& entry) {
      return entry.second.session.updated_ms < unix_ms;
    }));
  }

  void AddKey(const StoredKey& key) override {
    const std::lock_guard lock(mutex_);
    if (!keys_.try_emplace(key.name, key).second) throw KeyExists(key.name);
  }

  std::vector<StoredKey> Keys() override {
    const std::lock_guard lock(mutex_);
    std::vector<StoredKey> keys;
    std::transform(keys_.begin(), keys_.end(), std::back_inserter(keys),
                   [](const auto& entry) { return entry.second; });
    return keys;
  }

  bool RemoveKey(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    return keys_.erase(name) > 0;
  }

  void Check() override {}

 private:
  struct Talk {
    StoredSession session;
    std::vector<StoredMessage> messages;
  };

  Talk& There(const std::string& id) {
    const auto found = talks_.find(id);
    if (found == talks_.end()) throw NoSuchSession();
    return found->second;
  }

  std::mutex mutex_;
  std::map<std::string, Talk> talks_;
  std::map<std::string, StoredKey> keys_;
};

}  // namespace

std::unique_ptr<Store> OpenMemoryStore() { return std::make_unique<MemoryStore>(); }

}  // namespace emostage
