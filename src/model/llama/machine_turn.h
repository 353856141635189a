#ifndef EMOSTAGE_MODEL_LLAMA_MACHINE_TURN_H_
#define EMOSTAGE_MODEL_LLAMA_MACHINE_TURN_H_

namespace emostage {

// The right to compute on this machine, taken for one pass of the model at a time.
//
// Two processes that decode on the same cores ruin each other: the threads of each spin at
// barriers while the other's hold the cores. So processes of ours take turns, by two lock files,
// pass by pass: none gets two while another waits. It costs microseconds when alone; where the
// files cannot be made, nothing is locked.
class MachineTurn {
 public:
  MachineTurn();
  ~MachineTurn();
  MachineTurn(const MachineTurn&) = delete;
  MachineTurn& operator=(const MachineTurn&) = delete;

  void Take();
  void Give();

 private:
  int queue_ = -1;
  int turn_ = -1;
};

}  // namespace emostage

#endif  // EMOSTAGE_MODEL_LLAMA_MACHINE_TURN_H_
