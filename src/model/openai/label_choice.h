#ifndef EMOSTAGE_MODEL_OPENAI_LABEL_CHOICE_H_
#define EMOSTAGE_MODEL_OPENAI_LABEL_CHOICE_H_

#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "emostage/model.h"

// How likely each of several labels is, where a server tells how likely tokens are. Labels are
// compared only where they part, as by the engine in this process. Pure: what must be asked goes
// through a function.
namespace emostage::openai {

// Labels as tokens, for a server that tells the likelihood of any token.
class TokenChoice {
 public:
  // A place where labels part, to be asked about.
  struct Fork {
    std::vector<int> path;  // tokens from the labels' beginning to here
    std::vector<int> next;  // the ways on
    bool may_end = false;   // a label ends here: its likelihood is what the ways on leave
  };

  explicit TokenChoice(std::vector<std::vector<int>> labels);

  // All of them; the answers may come in any order.
  [[nodiscard]] const std::vector<Fork>& forks() const { return forks_; }
  // The probabilities of a fork's ways on. They need not sum to 1, and do not where a label may
  // end.
  void Answer(std::size_t fork, const std::vector<double>& probabilities);
  // Of each label, once every fork is answered; sums to 1.
  [[nodiscard]] std::vector<double> Probabilities() const;

 private:
  struct Branches {
    std::vector<std::vector<std::size_t>> labels;  // behind each way on
    int ending = -1;                               // the label that ends here
  };
  void Plan(const std::vector<std::size_t>& labels, std::size_t depth);
  void Spread(const std::vector<std::size_t>& labels, std::size_t depth, double mass,
              std::vector<double>& out) const;

  std::vector<std::vector<int>> labels_;
  std::vector<Fork> forks_;
  std::vector<Branches> branches_;
  std::vector<std::vector<double>> answers_;
};

// One of the likeliest tokens, as text.
struct LikelyToken {
  std::string text;  // bytes; may be part of a character
  double log_probability = 0;
};

// The share of `likely` that goes to each label, and to labels not yet told apart.
struct TextShares {
  struct Group {
    std::string said;                 // what these labels begin with
    std::vector<std::size_t> labels;  // indices
    double mass = 0;
  };
  std::vector<double> single;  // of each label, unnormalised
  std::vector<Group> groups;
  bool any = false;  // some label was among the likeliest
};

// Labels as text, for a server that tells its likeliest tokens only. `said` is what the labels of
// `among` have in common so far. A label that none of the tokens begins gets what the least likely
// of them has: it can have no more.
[[nodiscard]] TextShares ShareByText(const std::vector<std::string>& labels,
                                     const std::vector<std::size_t>& among, std::size_t said,
                                     const std::vector<LikelyToken>& likely);

// Sums to 1, and the largest's place.
[[nodiscard]] Choice Normalised(std::vector<double> weights);

}  // namespace emostage::openai

#endif  // EMOSTAGE_MODEL_OPENAI_LABEL_CHOICE_H_
