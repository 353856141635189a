#include "serve/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "emostage/error.h"

namespace emostage {
namespace {

// Takes calls, after refusing the first `refuse`.
class Receiver {
 public:
  explicit Receiver(int refuse) : refuse_(refuse) {
    server_.Post("/hook", [this](const httplib::Request& request, httplib::Response& response) {
      const std::scoped_lock lock(mutex_);
      if (refuse_-- > 0) {
        response.status = 503;
        return;
      }
      bodies_.push_back(request.body);
      signatures_.push_back(request.get_header_value("X-EmoStage-Signature"));
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::jthread([this] { server_.listen_after_bind(); });
  }
  ~Receiver() { server_.stop(); }

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/hook";
  }
  std::vector<std::string> Wait(size_t count) {
    for (int i = 0; i < 500; ++i) {
      {
        const std::scoped_lock lock(mutex_);
        if (bodies_.size() >= count) return bodies_;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
  }
  [[nodiscard]] std::vector<std::string> signatures() const { return signatures_; }

 private:
  httplib::Server server_;
  std::mutex mutex_;
  int refuse_;
  std::vector<std::string> bodies_;
  std::vector<std::string> signatures_;
  int port_ = 0;
  std::jthread thread_;
};

RiskEvent TookOver() {
  return {.what = "took_over", .from = RiskLevel::kNone, .to = RiskLevel::kHigh, .track = "self"};
}

TEST(Webhook, TellsInOrderSignedAndTriesAgain) {
  Receiver receiver(2);
  Webhook webhook({.url = receiver.url(), .secret = "s", .pause = std::chrono::milliseconds(5)});
  webhook.Send(TookOver(), "one", 5);
  webhook.Send(TookOver(), "two", 6);
  const std::vector<std::string> bodies = receiver.Wait(2);
  ASSERT_EQ(bodies.size(), 2U);
  const Json first = Json::parse(bodies[0]);
  EXPECT_EQ(first["event"], "took_over");
  EXPECT_EQ(first["session"], "one");
  EXPECT_EQ(first["to"], "high");
  EXPECT_EQ(Json::parse(bodies[1])["session"], "two");
  EXPECT_EQ(receiver.signatures()[0], "sha256=" + SignatureOf(bodies[0], "s"));
}

// RFC 4231, test case 2.
TEST(Webhook, SignatureIsHmacSha256) {
  EXPECT_EQ(SignatureOf("what do ya want for nothing?", "Jefe"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Webhook, GivesUpWithoutAWord) {
  std::string logged;
  {
    Webhook webhook({.url = "http://127.0.0.1:1/x",
                     .secret = "s",
                     .attempts = 2,
                     .pause = std::chrono::milliseconds(1),
                     .log = [&](const std::string& line) { logged = line; }});
    webhook.Send(TookOver(), "secret-session", 5);
  }
  EXPECT_EQ(logged, "a webhook call was given up");
}

TEST(Webhook, RefusesWhatCannotWork) {
  EXPECT_THROW(Webhook({.url = "file:///etc/passwd", .secret = "s"}), Error);
  EXPECT_THROW(Webhook({.url = "http://127.0.0.1/"}), Error);
}

}  // namespace
}  // namespace emostage
