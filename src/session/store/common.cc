#include "session/store/common.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace emostage {

Error NoSuchSession() {
  return Error(ErrorCode::kUsage, "there is no such session", "it may have been deleted");
}

Error SessionExists() {
  return Error(ErrorCode::kUsage, "there is a session of this id already", "take a new id");
}

Error KeyExists(const std::string& name) {
  return Error(ErrorCode::kUsage, "there is a key named '" + name + "' already",
               "choose another name, or remove that key first");
}

Error BeyondTheEnd(int from, int messages) {
  return Error(ErrorCode::kUsage, "cannot write from message " + std::to_string(from) +
                                      " on: the session has " + std::to_string(messages));
}

ListPlace ListPlace::Of(const StoredSession& session) { return {session.updated_ms, session.id}; }

bool ListPlace::Behind(const ListPlace& other) const {
  return std::tie(updated_ms, id) < std::tie(other.updated_ms, other.id);
}

std::string ListPlaceToText(const ListPlace& place) {
  return std::to_string(place.updated_ms) + "." + place.id;
}

ListPlace ParseListPlace(const std::string& text) {
  ListPlace place;
  const char* const end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, place.updated_ms);
  if (fault != std::errc() || rest == end || *rest != '.') {
    throw Error(ErrorCode::kUsage, "no page of the list of sessions ends there",
                "use the 'next' of the page before");
  }
  place.id.assign(rest + 1, end);
  return place;
}

WordSearch::WordSearch(std::string_view words) {
  const std::string folded = FoldCase(words);
  for (std::string_view rest = Trim(folded); !rest.empty();) {
    // Folding has made plain spaces of nearly all others.
    const std::size_t length = std::min(rest.find_first_of(" \t\r\n"), rest.size());
    words_.emplace_back(rest.substr(0, length));
    rest = Trim(rest.substr(length));
  }
}

bool WordSearch::FoundIn(const StoredSession& session,
                         const std::vector<StoredMessage>& messages) const {
  std::vector<std::string_view> missing(words_.begin(), words_.end());
  const auto look = [&missing](std::string_view text) {
    if (missing.empty()) return;
    const std::string folded = FoldCase(text);
    std::erase_if(missing, [&folded](std::string_view word) {
      return folded.find(word) != std::string::npos;
    });
  };
  look(session.title);
  for (const StoredMessage& message : messages) look(message.text);
  return missing.empty();
}

std::string NewSessionId() {
  constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr std::size_t kLength = 26;  // of five bits each
  if (sodium_init() < 0) throw Error(ErrorCode::kInternal, "no random numbers are to be had");
  std::string id(kLength, '\0');
  for (char& digit : id) digit = kDigits[randombytes_uniform(kDigits.size())];
  return id;
}

}  // namespace emostage
