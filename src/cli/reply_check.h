#ifndef EMOSTAGE_CLI_REPLY_CHECK_H_
#define EMOSTAGE_CLI_REPLY_CHECK_H_

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/bench_common.h"
#include "emostage/model.h"
#include "emostage/session.h"

// 'bench load --check': are replies of talks that were put out of the cache and back those of the
// same talk where it is alone?
//
// Word for word is too much to ask where many talks share a cache: a talk's cells then lie in other
// places, sums are cut and rounded otherwise, and now and then the second of two words that are as
// likely wins. So where a reply parts from that of the talk alone, the model, alone with the talk,
// is asked how likely it finds either: a talk that came back damaged would part at words that are
// far from as likely.
namespace emostage {

// The replies of one talk, in order.
using TalkReplies = std::vector<std::string>;
using Talks = std::vector<std::vector<std::string>>;

struct ReplyComparison {
  int sessions = 0;
  int replies = 0;
  int same = 0;  // each talk's up to the first that differs: later ones answer another dialogue
  int with_room = 0;     // the same count where these talks share a cache that holds them all
  int as_with_room = 0;  // what was replied, against that
  // Where replies part: how much likelier alone found its own word, natural logarithm. One for each
  // talk that parted; where the texts cannot be laid beside each other token by token, none.
  std::vector<double> gaps;
};

struct ReplyCheck {
  // A model of its own for so many sessions; `room`: none of them is ever put out.
  std::function<std::shared_ptr<Model>(int sessions, bool room)> load;
  SessionOptions session;
  PlayOptions play;  // without turns to warm up
};

// The model without the penalty for repeated words, so that the likelihoods it reports are those it
// goes by at temperature 0.
[[nodiscard]] std::shared_ptr<Model> WithoutPenalty(std::shared_ptr<Model> model);

// Plays `sessions` of the talks again and compares with what was replied: `replied[i]` to talks[i].
[[nodiscard]] ReplyComparison CompareReplies(const Talks& talks,
                                             const std::vector<TalkReplies>& replied, int sessions,
                                             const ReplyCheck& check, const std::stop_token& stop);

}  // namespace emostage

#endif  // EMOSTAGE_CLI_REPLY_CHECK_H_
