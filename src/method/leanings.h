#ifndef EMOSTAGE_METHOD_LEANINGS_H_
#define EMOSTAGE_METHOD_LEANINGS_H_

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace emostage {

// What a model leans to among some labels before anything was said. A leaning follows from the
// model and from fixed texts alone, no client's word is in it: so one asking serves all sessions,
// and with a folder all runs of the program.
//
// Thread-safe.
class Leanings {
 public:
  // `folder`: where they are kept as small files; empty: in memory only.
  explicit Leanings(std::string folder = "");

  // `key`: everything that the leaning depends on. Empty where it was not kept, or where the file
  // is not what was written.
  [[nodiscard]] std::vector<double> Find(const std::string& key, size_t labels);
  // Keeping only saves time: what goes wrong with the file is passed over.
  void Keep(const std::string& key, const std::vector<double>& probabilities);

 private:
  [[nodiscard]] std::string PathFor(const std::string& key) const;

  std::string folder_;
  std::mutex mutex_;
  std::map<std::string, std::vector<double>> kept_;
};

// A distribution with the leaning divided out of it: what the talk adds to what the model is prone
// to say anyway. Neither counts for less than 0.01, so that no rare label becomes certain. No
// leaning (empty): the distribution itself.
[[nodiscard]] std::vector<double> WithoutLeaning(std::vector<double> probabilities,
                                                 std::vector<double> leaning);

}  // namespace emostage

#endif  // EMOSTAGE_METHOD_LEANINGS_H_
