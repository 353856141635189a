#include "model/llama/thread_choice.h"

#include <algorithm>

namespace emostage {

void ThreadChoice::Took(double ms) {
  if (!adapt_) return;
  if (single_passes_ > 0) {
    if (--single_passes_ == 0) penalised_ = false;
    single_ms_ = single_ms_ == 0 ? ms : 0.7 * single_ms_ + 0.3 * ms;
    since_measured_ = 0;
    return;
  }
  if (++since_measured_ >= kMeasureEvery) single_passes_ = 1;
  if (ms <= kSlow * single_ms_) {
    slow_in_a_row_ = 0;
    penalty_ = std::max(kFirstPenalty, penalty_ - 1);
    return;
  }
  if (++slow_in_a_row_ < 2) return;
  slow_in_a_row_ = 1;  // right after the penalty, one slow pass is enough
  single_passes_ = penalty_;
  penalised_ = true;
  penalty_ = std::min(kLongestPenalty, penalty_ * 2);
}

}  // namespace emostage
