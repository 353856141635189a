// How long one talk's words stand still while the same engine reads another's long dialogue:
//   stall MODEL.gguf [TOKENS TO READ] [THREADS]
// Prints the gaps between the words of the first, before and while the second is read.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "emostage/error.h"
#include "model/llama/llama_model.h"

namespace {

using Clock = std::chrono::steady_clock;

emostage::Ask QuestionOf(const std::string& text) {
  emostage::Ask ask;
  ask.system = "You are a kind listener.";
  ask.messages = {{emostage::Speaker::kClient, text}};
  return ask;
}

double Milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void Print(const char* when, std::vector<double> gaps) {
  if (gaps.empty()) return;
  std::ranges::sort(gaps);
  std::printf("%-14s %4zu words, gap median %.0f ms, longest %.0f ms\n", when, gaps.size(),
              gaps[gaps.size() / 2], gaps.back());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: stall MODEL.gguf [TOKENS] [THREADS]\n");
    return 2;
  }
  try {
    const int tokens = argc > 2 ? std::atoi(argv[2]) : 4000;
    emostage::LlamaOptions options;
    options.context_tokens = 8192;
    options.cells = 16384;
    options.threads = argc > 3 ? std::atoi(argv[3]) : emostage::UsableProcessors();
    const auto model = emostage::LoadLlamaModel(argv[1], options);
    std::string text;
    while (model->CountTokens(text) < tokens)
      text += "And then she said that it was my turn to go. ";

    const auto talker = model->Open();
    const auto reader = model->Open();
    std::mutex mutex;
    std::vector<Clock::time_point> words;
    emostage::Ask talk = QuestionOf("Tell me a long story.");
    talk.sampling.max_tokens = talk.sampling.min_tokens = 3000;
    std::stop_source stop;
    talk.stop = stop.get_token();
    auto story = talker->complete(talk, [&](std::string_view) {
      const std::lock_guard lock(mutex);
      words.push_back(Clock::now());
    });
    story.Start();
    const auto said = [&] {
      const std::lock_guard lock(mutex);
      return words.size();
    };
    while (said() < 30) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const Clock::time_point begun = Clock::now();
    (void)reader->choose(QuestionOf(text), {" yes", " no"}).get();
    const Clock::time_point ended = Clock::now();
    stop.request_stop();
    (void)story.get();

    std::vector<double> before, during;
    for (size_t i = 1; i < words.size() && words[i] < ended; ++i) {
      (words[i] < begun ? before : during).push_back(Milliseconds(words[i] - words[i - 1]));
    }
    std::printf("read %d tokens in %.1f s\n", model->CountTokens(text),
                Milliseconds(ended - begun) / 1000);
    Print("before", before);
    Print("while reading", during);
  } catch (const emostage::Error& error) {
    std::fprintf(stderr, "stall: %s\n", error.what());
    return 1;
  }
  return 0;
}
