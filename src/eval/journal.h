#ifndef EMOSTAGE_EVAL_JOURNAL_H_
#define EMOSTAGE_EVAL_JOURNAL_H_

#include <filesystem>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace emostage {

// A file of JSON lines that grows by whole pieces of work ("units"), so that a run that was killed
// can go on: a unit is in it whole, synced to the disk, or not at all.
//
// The last line of a unit is {"unit": NAME, "lines": N}. What stands behind the last such line when
// the journal is opened was cut off in the middle and is removed. Thread-safe.
class Journal {
 public:
  // Opens or begins the file. `read` is given every line of every finished unit, in order. Throws
  // Error(kIo); Error(kInput), naming the line, where the file is something else.
  Journal(std::filesystem::path path, const std::function<void(const Json& line)>& read);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] bool Has(const std::string& unit) const;
  [[nodiscard]] size_t size() const;                         // units
  [[nodiscard]] size_t cut_off() const { return cut_off_; }  // lines removed when it was opened
  // Throws Error(kIo); the file then ends with the unit before.
  void Append(const std::string& unit, const std::vector<OrderedJson>& lines);

 private:
  const std::filesystem::path path_;
  mutable std::mutex mutex_;
  std::set<std::string> units_;
  size_t cut_off_ = 0;
  long long end_ = 0;  // bytes
  int file_ = -1;
};

}  // namespace emostage

#endif  // EMOSTAGE_EVAL_JOURNAL_H_
