#ifndef EMOSTAGE_SAFETY_REPLY_GUARD_H_
#define EMOSTAGE_SAFETY_REPLY_GUARD_H_

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "emostage/dialogue.h"
#include "emostage/model.h"
#include "knowledge/safety_knowledge.h"

namespace emostage {

// The rule that a reply breaks: one of OutputPatterns, or "number" for digits that look like a
// telephone number; empty: none.
[[nodiscard]] std::string BrokenRule(const SafetyKnowledge& safety, Language language,
                                     std::string_view reply);

// Stands between a model that writes a reply and whoever reads it: holds back the last words until
// it is clear that they are not the beginning of something a reply must not say. A sentence that
// is over and clean is let through at once.
//
// Thread-safe: the model's thread writes, the asker's finishes.
class ReplyGuard {
 public:
  // `release` is told what may be read, `broken` (once) that a rule was; both on the writer's
  // thread. Nothing is released after that.
  ReplyGuard(const SafetyKnowledge& safety, Language language, OnToken release,
             std::function<void()> broken);

  void Write(std::string_view piece);
  // The reply is over: releases what was held, if it is clean.
  void Finish();

  [[nodiscard]] std::string rule() const;      // that was broken; empty: none
  [[nodiscard]] std::string released() const;  // so far

 private:
  void Judge(bool finished);  // with mutex_ held

  const SafetyKnowledge& safety_;
  const Language language_;
  const OnToken release_;
  const std::function<void()> broken_;
  mutable std::mutex mutex_;
  std::string text_;
  size_t released_ = 0;  // bytes of text_
  std::string rule_;
};

}  // namespace emostage

#endif  // EMOSTAGE_SAFETY_REPLY_GUARD_H_
