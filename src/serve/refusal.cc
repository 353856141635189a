#include "serve/refusal.h"

#include "base/json.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr int kComeBackSeconds = 2;

Refusal FromError(const Error& error) {
  const std::string what = error.what();
  switch (error.code()) {
    case ErrorCode::kUsage:
    case ErrorCode::kInput:
      return Refusal(400, "invalid_request", what);
    case ErrorCode::kBusy: {
      const int seconds = error.retry_after_s();
      return Refusal(503, "busy", what).RetryAfter(seconds > 0 ? seconds : kComeBackSeconds);
    }
    case ErrorCode::kIo:
      return Refusal(503, "store_unavailable", what).RetryAfter(kComeBackSeconds);
    case ErrorCode::kNetwork:
      return Refusal(503, "model_unavailable", what).RetryAfter(kComeBackSeconds);
    case ErrorCode::kCancelled:
      return Refusal(503, "stopped", what);
    case ErrorCode::kModel:
      return Refusal(500, "model_failed", what);
    case ErrorCode::kKnowledge:
    case ErrorCode::kInternal:
      break;
  }
  return Refusal(500, "internal", what);
}

std::string_view TypeOf(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

}  // namespace

Refusal AsRefusal(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Refusal& refusal) {
    return refusal;
  } catch (const Error& error) {
    return FromError(error);
  } catch (const std::bad_alloc&) {
    return Refusal(503, "out_of_memory", "out of memory; try again later")
        .RetryAfter(kComeBackSeconds);
  } catch (const std::exception&) {
    // Its words may be a client's: they are not for the answer.
    return Refusal(500, "internal", "something went wrong inside; please report it");
  }
}

std::string ErrorBody(const Refusal& refusal) {
  return DumpJson(
      {{"error",
        {{"message", refusal.what()},
         {"type", TypeOf(refusal.status())},
         {"param", refusal.param().empty() ? OrderedJson() : OrderedJson(refusal.param())},
         {"code", refusal.code()}}}});
}

void SendRefusal(HttpReply& reply, const Refusal& refusal) {
  HttpHeaders headers;
  if (refusal.retry_after_s() > 0) {
    headers.emplace_back("Retry-After", std::to_string(refusal.retry_after_s()));
  }
  if (refusal.status() == 401) headers.emplace_back("WWW-Authenticate", "Bearer");
  reply.Send(refusal.status(), "application/json", ErrorBody(refusal), std::move(headers));
}

}  // namespace emostage
