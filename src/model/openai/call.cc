#include "model/openai/call.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/text.h"

namespace emostage::openai {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestComplaint = 1 << 16;
constexpr std::chrono::milliseconds kLongestWait{20'000};

// A random part of the time, so that many who failed together do not come back together.
std::chrono::milliseconds Jittered(std::chrono::milliseconds most) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::uniform_int_distribution<std::int64_t> spread(0, std::max<std::int64_t>(0, most.count()));
  return std::chrono::milliseconds(spread(random));
}

class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(const Transport& transport, CallRequest request, std::unique_ptr<Taker> taker)
      : transport_(transport), request_(std::move(request)), taker_(std::move(taker)) {}

  void Begin() {
    const auto stopper = [this] {
      return [weak = weak_from_this(), loop = transport_.loop] {
        loop->Post([weak] {
          if (const std::shared_ptr<Call> call = weak.lock()) call->Stop();
        });
      };
    };
    on_stop_.emplace(request_.stop, stopper());
    on_dropped_.emplace(request_.dropped, stopper());
    if (request_.deadline != Clock::time_point::max()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(request_.deadline - Clock::now());
      transport_.loop->After(left, [weak = weak_from_this()] {
        if (const std::shared_ptr<Call> call = weak.lock()) call->EndLate();
      });
    }
    Attempt();
  }

 private:
  [[nodiscard]] bool stopped() const {
    return request_.stop.stop_requested() || request_.dropped.stop_requested() ||
           transport_.loop->closing();
  }

  void Stop() {
    if (ended_) return;
    if (running_ != 0) {
      transport_.loop->Cancel(running_);
    } else {
      Fail(BrokenError(HttpEnd::kCancelled, "", where_));  // between two tries
    }
  }

  [[nodiscard]] bool late() const { return Clock::now() >= request_.deadline; }

  void EndLate() {
    if (ended_) return;
    if (running_ != 0) {
      transport_.loop->Cancel(running_);
    } else {
      Fail(stopped() ? BrokenError(HttpEnd::kCancelled, "", where_) : LateError());
    }
  }

  void End(std::exception_ptr error) {
    if (std::exchange(ended_, true)) return;
    taker_->End(std::move(error));
  }
  void Fail(const Error& error) { End(std::make_exception_ptr(error)); }

  void Attempt() {
    if (ended_) return;
    if (stopped()) return Fail(BrokenError(HttpEnd::kCancelled, "", where_));
    if (late()) return Fail(LateError());
    LookAfterTheIll();
    ServerPool& pool = *transport_.pool;
    index_ = request_.only ? *request_.only : pool.Pick(request_.place->home);
    if (!request_.only) request_.place->home = index_;
    where_ = {pool.endpoint(index_).shown, transport_.model, transport_.models};
    head_ = {};
    complaint_.clear();
    HttpRequest http = NewRequest(index_, request_.path, request_.body);
    const auto self = shared_from_this();
    http.on_head = [self](const HttpHead& head) {
      self->head_ = head;
      if (self->good()) self->taker_->Begin(head);
    };
    http.on_body = [self](std::string_view bytes) { self->OnBody(bytes); };
    http.on_end = [self](HttpEnd end, const std::string& problem) { self->OnEnd(end, problem); };
    running_ = transport_.loop->Start(std::move(http));
  }

  [[nodiscard]] bool good() const { return head_.status >= 200 && head_.status < 300; }

  [[nodiscard]] HttpRequest NewRequest(std::size_t index, const std::string& path,
                                       const std::string& body) const {
    HttpRequest http;
    http.url = transport_.pool->endpoint(index).root + path;
    http.body = body;
    http.key = transport_.key;
    http.ca_file = transport_.ca_file;
    http.keep = transport_.keep_connections;
    http.timeouts = transport_.timeouts;
    return http;
  }

  void OnBody(std::string_view bytes) {
    if (!good()) {
      complaint_ +=
          bytes.substr(0, kLongestComplaint - std::min(kLongestComplaint, complaint_.size()));
      return;
    }
    if (enough_) return;
    taker_->Take(bytes);
    if (taker_->enough()) {
      enough_ = true;
      transport_.loop->Cancel(running_);
    }
  }

  void OnEnd(HttpEnd end, const std::string& problem) {
    running_ = 0;
    if (enough_) return End(nullptr);
    if (stopped()) return Fail(BrokenError(HttpEnd::kCancelled, "", where_));
    if (end == HttpEnd::kCancelled && late()) return Fail(LateError());
    if (end != HttpEnd::kDone) return OnBroken(end, problem);
    if (!good()) return OnStatus();
    switch (taker_->Judge()) {
      case Taker::Verdict::kWhole:
        transport_.pool->MarkWell(index_);
        return End(nullptr);
      case Taker::Verdict::kNonsense:
        return Fail(NonsenseError(head_, taker_->fault(), where_));
      case Taker::Verdict::kFault:
        return Fail(taker_->committed() ? BrokeOffError(where_)
                                        : ReportedError(taker_->fault(), where_));
      case Taker::Verdict::kCut:
        return Again(CutError(where_), false, {});
    }
  }

  void OnBroken(HttpEnd end, const std::string& problem) {
    const Error error = BrokenError(end, problem, where_);
    if (end == HttpEnd::kRefused || end == HttpEnd::kTooLarge) return Fail(error);
    transport_.pool->MarkIll(index_, Clock::now());
    // A server that hangs would hang again, and the client waits: only another one is asked.
    const bool hangs = end == HttpEnd::kTooLate || end == HttpEnd::kSilent;
    Again(error, hangs, {});
  }

  void OnStatus() {
    const Error error = StatusError(head_, complaint_, where_);
    switch (head_.status) {
      case 500:
        if (std::exchange(failed_inside_, true)) return Fail(error);
        return Again(error, false, {});
      case 502:
      case 503:
      case 504:
        transport_.pool->MarkIll(index_, Clock::now());
        return Again(error, false, head_.retry_after);
      case 429:
        return Again(error, false, head_.retry_after);
      default:
        return Fail(error);
    }
  }

  void Again(const Error& error, bool only_elsewhere,
             std::optional<std::chrono::seconds> retry_after) {
    if (taker_->committed()) return Fail(BrokeOffError(where_));
    std::optional<std::size_t> other;
    if (!request_.only) other = transport_.pool->Other(index_);
    if (tries_ >= transport_.retries || (only_elsewhere && !other)) return Fail(error);
    std::chrono::milliseconds wait{0};
    if (other && moves_ < transport_.pool->size()) {
      ++moves_;
      request_.place->home = *other;
    } else {
      wait = std::max<std::chrono::milliseconds>(Jittered(transport_.backoff * (1 << tries_)),
                                                 retry_after.value_or(std::chrono::seconds(0)));
      wait = std::min(wait, kLongestWait);
    }
    ++tries_;
    transport_.loop->After(wait, [self = shared_from_this()] { self->Attempt(); });
  }

  // An address that failed is asked for its models when its time has come, beside what goes on.
  void LookAfterTheIll() {
    const std::optional<std::size_t> due = transport_.pool->DueForCheck(Clock::now());
    if (!due) return;
    HttpRequest http = NewRequest(*due, "/v1/models", "");
    http.timeouts.first_byte = http.timeouts.connect;
    const auto well = std::make_shared<bool>(false);
    http.on_head = [well](const HttpHead& head) { *well = head.status == 200; };
    http.on_end = [well, pool = transport_.pool, index = *due](HttpEnd end, const std::string&) {
      if (end == HttpEnd::kDone && *well) pool->MarkWell(index);
    };
    transport_.loop->Start(std::move(http));
  }

  const Transport& transport_;
  CallRequest request_;
  std::unique_ptr<Taker> taker_;
  std::size_t index_ = 0;
  AnswerPlace where_;
  std::uint64_t running_ = 0;
  HttpHead head_;
  std::string complaint_;  // the body of an answer that is no good
  int tries_ = 0;
  std::size_t moves_ = 0;
  bool failed_inside_ = false;  // a 500 came
  bool enough_ = false;
  bool ended_ = false;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
  std::optional<std::stop_callback<std::function<void()>>> on_dropped_;
};

class JsonTaker : public Taker {
 public:
  explicit JsonTaker(OnJson on_json) : on_json_(std::move(on_json)) {}

  void Begin(const HttpHead& head) override {
    body_.clear();
    page_ = head.content_type.starts_with("text/html");
  }
  void Take(std::string_view bytes) override { body_ += bytes; }
  Verdict Judge() override {
    if (page_ || Trim(body_).starts_with("<")) return Verdict::kNonsense;
    try {
      answer_ = ParseJson(body_, "the answer");
    } catch (const Error&) {
      // What does not even begin like JSON is not the half of it.
      const std::string_view start = Trim(body_);
      return start.empty() || start.starts_with("{") || start.starts_with("[") ? Verdict::kCut
                                                                               : Verdict::kNonsense;
    }
    return Verdict::kWhole;
  }
  [[nodiscard]] std::string fault() const override { return body_.substr(0, 512); }
  void End(std::exception_ptr error) override { on_json_(std::move(error), std::move(answer_)); }

 private:
  OnJson on_json_;
  std::string body_;
  bool page_ = false;
  Json answer_;
};

}  // namespace

void BeginCall(const Transport& transport, CallRequest request, std::unique_ptr<Taker> taker) {
  auto call = std::make_shared<Call>(transport, std::move(request), std::move(taker));
  transport.loop->Post([call] { call->Begin(); });
}

void BeginJsonCall(const Transport& transport, CallRequest request, OnJson on_json) {
  BeginCall(transport, std::move(request), std::make_unique<JsonTaker>(std::move(on_json)));
}

}  // namespace emostage::openai
