// A complete program: replies to one client turn and says what it found out on the way.
//
//   reply MODEL.gguf "What the client says"
#include <emostage/emostage.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: reply MODEL.gguf \"What the client says\"\n");
    return 2;
  }
  try {
    emostage::Session session(emostage::LoadModel(argv[1]));

    // Streamed while it is written; called on the model's thread.
    const emostage::Answer answer = session.Respond(argv[2], [](std::string_view piece) {
      std::fwrite(piece.data(), 1, piece.size(), stdout);
    });
    std::printf("\n");

    if (answer.phase) std::fprintf(stderr, "phase: %s\n", answer.phase->label.c_str());
    if (answer.state) {
      for (const emostage::Feeling& feeling : answer.state->feels) {
        std::fprintf(stderr, "feels: %s %d/5\n", feeling.emotion.c_str(), feeling.intensity);
      }
    }
    for (const emostage::Step& step : answer.steps) {
      std::fprintf(stderr, "%-16s %4d tokens read, %4d reused, %4.0f ms\n", step.name.c_str(),
                   step.prompt_tokens - step.reused_tokens, step.reused_tokens, step.ms);
    }
    return 0;
  } catch (const emostage::Error& e) {
    std::fprintf(stderr, "reply: %s\n", e.what());
    return 1;
  }
}
