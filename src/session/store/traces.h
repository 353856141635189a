#ifndef EMOSTAGE_SESSION_STORE_TRACES_H_
#define EMOSTAGE_SESSION_STORE_TRACES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace emostage {

// Tells whether bytes that were deleted still stand in a file. SQLite overwrites what is deleted
// (secure_delete), but not the copy that stays behind in a page's unused room when a row that is
// still alive is moved to another page; once that row goes, nobody knows of the copy any more.
//
// Not thread-safe.
class Traces {
 public:
  // `blob` shall be found no more: pieces of eight bytes from its start on are looked for. Longer
  // ones than a page lie in pages of their own, which are overwritten as a whole.
  void Add(std::string_view blob);
  // More than can be looked for was deleted: take it that something stayed.
  [[nodiscard]] bool TooMany() const { return too_many_; }
  [[nodiscard]] bool empty() const { return pieces_.empty() && !too_many_; }
  void Clear();

  // Whether a piece stands anywhere in the file. Throws Error(kIo) where it cannot be read.
  [[nodiscard]] bool InFile(const std::string& path) const;

 private:
  std::unordered_set<uint64_t> pieces_;
  std::vector<bool> beginnings_;  // by a piece's first two bytes: most places need no more
  bool too_many_ = false;
};

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_TRACES_H_
