#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "emostage/error.h"
#include "model/openai/chat_stream.h"
#include "model/openai/questions.h"
#include "model/openai/reply_text.h"
#include "model/openai/schema_answer.h"

namespace emostage::openai {
namespace {

using Clock = std::chrono::steady_clock;

double MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// A chat answer that is streamed, handed on as it comes and put together.
class TextTaker : public Taker {
 public:
  TextTaker(std::string prefix, std::vector<std::string> stops, OnToken on_token,
            Done<Completion> done)
      : prefix_(std::move(prefix)),
        stops_(std::move(stops)),
        on_token_(std::move(on_token)),
        done_(std::move(done)) {}

  void Begin(const HttpHead& head) override {
    // Without a type it is taken for what was asked for.
    stream_.emplace(!head.content_type.starts_with("application/json") &&
                    !head.content_type.starts_with("text/html"));
    text_.emplace(prefix_, stops_);
  }

  void Take(std::string_view bytes) override { HandOn(text_->Add(stream_->Feed(bytes))); }

  Verdict Judge() override {
    HandOn(text_->Add(stream_->Finish()));
    switch (stream_->state()) {
      case ChatStream::State::kWhole:
        HandOn(text_->Finish());
        return Verdict::kWhole;
      case ChatStream::State::kOpen:
        return Verdict::kCut;
      case ChatStream::State::kFault:
        return Verdict::kFault;
      case ChatStream::State::kNonsense:
        break;
    }
    return Verdict::kNonsense;
  }

  [[nodiscard]] std::string fault() const override { return stream_ ? stream_->fault() : ""; }
  [[nodiscard]] bool committed() const override { return committed_; }
  [[nodiscard]] bool enough() const override { return text_ && text_->stopped(); }

  void End(std::exception_ptr error) override {
    Completion completion;
    if (error && !IsCancelled(error)) return done_(std::move(error), {});
    if (text_) completion.text = text_->text();
    if (stream_) completion.usage = stream_->usage();
    if (stream_) completion.finish = stream_->finish();
    if (enough()) completion.finish = FinishReason::kStop;
    if (error) completion.finish = FinishReason::kCancelled;
    completion.usage.ms = MillisecondsSince(begun_);
    completion.usage.first_ms = first_ms_.value_or(completion.usage.ms);
    done_(nullptr, std::move(completion));
  }

 private:
  void HandOn(const std::string& words) {
    if (words.empty()) return;
    if (!first_ms_) first_ms_ = MillisecondsSince(begun_);
    if (!on_token_) return;
    committed_ = true;
    on_token_(words);
  }

  std::string prefix_;
  std::vector<std::string> stops_;
  OnToken on_token_;
  Done<Completion> done_;
  std::optional<ChatStream> stream_;
  std::optional<ReplyText> text_;
  bool committed_ = false;
  Clock::time_point begun_ = Clock::now();
  std::optional<double> first_ms_;
};

void Stream(const Asking& asking, OrderedJson body, std::string prefix,
            std::vector<std::string> stops, OnToken on_token, Done<Completion> done) {
  body["stream"] = true;
  body["stream_options"] = {{"include_usage", true}};
  BeginCall(*asking.transport, asking.Request("/v1/chat/completions", body),
            std::make_unique<TextTaker>(std::move(prefix), std::move(stops), std::move(on_token),
                                        std::move(done)));
}

// How many tokens a schema allows that is nothing but a text; 0 for any other.
int LineTokens(const std::string& schema) {
  const OrderedJson parsed = OrderedJson::parse(schema, nullptr, false);
  if (!parsed.is_object() || parsed.value("type", "") != "string" || parsed.contains("enum")) {
    return 0;
  }
  return parsed.value("x-max-tokens", 0);
}

// One written line needs no JSON around it: it is asked for as the text that it is, which goes on
// from its prefix and is counted in tokens, as in the engine in this process.
void AskLine(const Asking& asking, const Ask& ask, int tokens, Done<Completion> done) {
  Ask question = ask;
  question.schema.clear();
  question.sampling.prose = false;
  question.sampling.max_tokens = std::min(ask.sampling.max_tokens, tokens);
  const bool to_the_end = question.sampling.min_tokens >= question.sampling.max_tokens;
  question.sampling.stop = to_the_end ? std::vector<std::string>() : std::vector<std::string>{"\n"};
  if (!asking.traits->prefill && !ask.answer_prefix.empty()) {
    question.instruction += "\n" + ask.answer_prefix;
  }
  AskText(asking, question, {},
          [done = std::move(done)](std::exception_ptr error, Completion completion) {
            if (!error && completion.finish == FinishReason::kCancelled) {
              error = std::make_exception_ptr(
                  Error(ErrorCode::kCancelled, "stopped before the answer"));
            }
            if (error) return done(std::move(error), {});
            completion.text = DumpJson(std::string(Trim(RepairUtf8(completion.text))));
            completion.finish = FinishReason::kEnd;
            done(nullptr, std::move(completion));
          });
}

}  // namespace

bool IsCancelled(const std::exception_ptr& error) {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    return e.code() == ErrorCode::kCancelled;
  } catch (...) {
    return false;
  }
}

void AskText(const Asking& asking, const Ask& ask, OnToken on_token, Done<Completion> done) {
  const std::string begun = asking.traits->prefill ? ask.answer_prefix : "";
  Stream(asking, ChatBody(*asking.traits, ask, begun, ask.sampling), ask.answer_prefix,
         ask.sampling.stop, std::move(on_token), std::move(done));
}

void AskSchema(const Asking& asking, const Ask& ask, Done<Completion> done) {
  const int line = LineTokens(ask.schema);
  if (line > 0) return AskLine(asking, ask, line, std::move(done));
  const Traits& traits = *asking.traits;
  Sampling sampling = ask.sampling;
  // A stop string may be part of a value; and the marks that the schema dictates, which cost the
  // engine in this process nothing, count here.
  sampling.stop.clear();
  sampling.prose = false;
  sampling.min_tokens = 0;
  sampling.max_tokens *= 2;
  OrderedJson body;
  try {
    const OrderedJson schema = ServerSchema(ask.schema);
    Ask question = ask;
    if (!traits.schema) {
      question.instruction +=
          "\n\nAnswer with one JSON object and nothing else. JSON schema: " + DumpJson(schema);
    }
    // No answer prefix: servers refuse one together with a schema.
    body = ChatBody(traits, question, "", sampling);
    if (traits.schema) BindToSchema(body, schema);
  } catch (const Error&) {
    return done(std::current_exception(), {});
  }
  Stream(asking, std::move(body), "", {}, {},
         [done = std::move(done), wanted = ask.schema](std::exception_ptr error,
                                                       Completion completion) {
           if (!error && completion.finish == FinishReason::kCancelled) {
             error =
                 std::make_exception_ptr(Error(ErrorCode::kCancelled, "stopped before the answer"));
           }
           if (error) return done(std::move(error), {});
           try {
             completion.text = FitToSchema(completion.text, wanted);
             completion.finish = FinishReason::kEnd;
           } catch (const Error&) {
             return done(std::current_exception(), {});
           }
           done(nullptr, std::move(completion));
         });
}

}  // namespace emostage::openai
