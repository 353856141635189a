#ifndef EMOSTAGE_MODEL_LLAMA_THREAD_CHOICE_H_
#define EMOSTAGE_MODEL_LLAMA_THREAD_CHOICE_H_

namespace emostage {

// How many threads the next pass of the model should use.
//
// The threads of a pass wait for each other hundreds of times. Where other programs hold the
// cores, one of them is always missing, and a pass takes many times as long as on one thread
// alone. So a pass on one thread is measured now and then, and all threads are used for as long as
// they do better than that. Figures in docs/benchmarks.md, "On a busy machine".
//
// Only passes of one token are comparable, and only those are reported here.
class ThreadChoice {
 public:
  // Without `adapt` it is always `most`: sums over a long dialogue are split among the threads, so
  // only a fixed number of them gives the same answer to the last bit.
  explicit ThreadChoice(int most, bool adapt = true)
      : most_(most), adapt_(adapt && most > 1), single_passes_(adapt_ ? 1 : 0) {}

  // For the next pass, which is of one token or of more. Mere measuring is done on one token.
  [[nodiscard]] int threads(bool one_token = true) const {
    return single_passes_ > 0 && (one_token || penalised_) ? 1 : most_;
  }
  // A pass of one token with threads() threads has taken so long.
  void Took(double ms);

 private:
  static constexpr int kFirstPenalty = 16;     // passes on one thread after all of them were slow
  static constexpr int kLongestPenalty = 256;  // when they are slow again and again
  static constexpr int kMeasureEvery = 256;    // passes between two measurements on one thread
  static constexpr double kSlow = 1.3;         // times a pass on one thread

  int most_;
  bool adapt_;
  int single_passes_;       // still to be done on one thread; the first pass is a measurement
  double single_ms_ = 0;    // what they take, lately
  bool penalised_ = false;  // they are done since all threads were slow
  int slow_in_a_row_ = 0;
  int penalty_ = kFirstPenalty;
  int since_measured_ = 0;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_THREAD_CHOICE_H_
