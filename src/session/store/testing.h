#ifndef EMOSTAGE_SESSION_STORE_TESTING_H_
#define EMOSTAGE_SESSION_STORE_TESTING_H_

#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emostage/error.h"
#include "session/store/store.h"

namespace emostage {

// A folder of its own, gone with it.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "emostage_store.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::string At(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// The error that `action` throws; none where it throws none.
inline std::optional<Error> ErrorOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

inline StoredSession SessionOf(const std::string& id, int64_t updated_ms = 1000) {
  StoredSession session;
  session.id = id;
  session.title = "title of " + id;
  session.method = "emostage";
  session.scheme = "five-phase";
  session.model = "smollm2-135m";
  session.language = "en";
  session.seed = 7;
  session.created_ms = updated_ms;
  session.updated_ms = updated_ms;
  return session;
}

inline StoredMessage ClientSays(const std::string& text, const std::string& tip = "") {
  return {Role::kClient, text, 1001, false, "", tip};
}
inline StoredMessage CounsellorSays(const std::string& text, const std::string& answer = "{}",
                                    const std::string& tip = "") {
  return {Role::kCounsellor, text, 1002, false, answer, tip};
}

// What store_writer writes at a place of a talk.
inline std::string TurnText(const std::string& talk, int place) {
  return talk + " says " + std::to_string(place) +
         std::string(static_cast<std::size_t>(place % 90), '.');
}

inline std::vector<std::string> TextsOf(const std::vector<StoredMessage>& messages) {
  std::vector<std::string> texts;
  for (const StoredMessage& message : messages) texts.push_back(message.text);
  return texts;
}
inline std::vector<std::string> IdsOf(const std::vector<StoredSession>& sessions) {
  std::vector<std::string> ids;
  for (const StoredSession& session : sessions) ids.push_back(session.id);
  return ids;
}

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_TESTING_H_
