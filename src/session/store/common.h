#ifndef EMOSTAGE_SESSION_STORE_COMMON_H_
#define EMOSTAGE_SESSION_STORE_COMMON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emostage/error.h"
#include "session/store/store.h"

// What both stores do alike.
namespace emostage {

[[nodiscard]] Error NoSuchSession();
[[nodiscard]] Error SessionExists();
[[nodiscard]] Error KeyExists(const std::string& name);
// Of Write: `from` beyond the messages there.
[[nodiscard]] Error BeyondTheEnd(int from, int messages);

// A session's place in the list: updated last first, equal times by id, backwards.
struct ListPlace {
  int64_t updated_ms = 0;
  std::string id;

  [[nodiscard]] static ListPlace Of(const StoredSession& session);
  // Whether this place comes behind `other`.
  [[nodiscard]] bool Behind(const ListPlace& other) const;
};

// SessionPage::next, and back. Parsing throws Error(kUsage).
[[nodiscard]] std::string ListPlaceToText(const ListPlace& place);
[[nodiscard]] ListPlace ParseListPlace(const std::string& text);

// Looks for the words of a query, in any case of letters.
class WordSearch {
 public:
  explicit WordSearch(std::string_view words);

  // No words: everything is found.
  [[nodiscard]] bool empty() const { return words_.empty(); }
  // Whether every word stands in the title or in a message.
  [[nodiscard]] bool FoundIn(const StoredSession& session,
                             const std::vector<StoredMessage>& messages) const;

 private:
  std::vector<std::string> words_;  // folded
};

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_COMMON_H_
