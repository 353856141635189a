#include "model/llama/thread_choice.h"

#include <gtest/gtest.h>

namespace emostage {
namespace {

// Runs passes that take `single` ms on one thread and `all` ms on all; counts those on one.
int SinglePasses(ThreadChoice& choice, int passes, double single, double all) {
  int count = 0;
  for (int i = 0; i < passes; ++i) {
    const bool is_single = choice.threads() == 1;
    count += is_single ? 1 : 0;
    choice.Took(is_single ? single : all);
  }
  return count;
}

TEST(ThreadChoiceTest, OneProcessorHasNothingToChoose) {
  ThreadChoice choice(1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(choice.threads(), 1);
    choice.Took(i);
  }
}

TEST(ThreadChoiceTest, FixedNumberIsKept) {
  ThreadChoice choice(4, /*adapt=*/false);
  EXPECT_EQ(SinglePasses(choice, 1000, 10, 100), 0);
}

TEST(ThreadChoiceTest, TheFirstPassMeasuresOneThread) {
  ThreadChoice choice(4);
  EXPECT_EQ(choice.threads(), 1);
  choice.Took(10);
  EXPECT_EQ(choice.threads(), 4);
}

TEST(ThreadChoiceTest, OnAQuietMachineAlmostAllPassesUseAllThreads) {
  ThreadChoice choice(4);
  EXPECT_LE(SinglePasses(choice, 1000, 10, 4), 5);
}

TEST(ThreadChoiceTest, OneSlowPassIsForgiven) {
  ThreadChoice choice(4);
  choice.Took(10);
  choice.Took(4);
  choice.Took(100);
  EXPECT_EQ(choice.threads(), 4);
  choice.Took(4);
  choice.Took(100);
  EXPECT_EQ(choice.threads(), 4);
}

TEST(ThreadChoiceTest, OnABusyMachineMostPassesUseOneThread) {
  ThreadChoice choice(4);
  EXPECT_GE(SinglePasses(choice, 2000, 10, 100), 1950);
}

TEST(ThreadChoiceTest, AllThreadsComeBackWhenTheMachineIsQuietAgain) {
  ThreadChoice choice(4);
  (void)SinglePasses(choice, 2000, 10, 100);
  (void)SinglePasses(choice, 300, 10, 4);
  EXPECT_LE(SinglePasses(choice, 500, 10, 4), 5);
}

}  // namespace
}  // namespace emostage
