// The same pull against a server that was not written for it.

#include <gtest/gtest.h>
#include <httplib.h>

#include <string>
#include <thread>

#include "base/file.h"
#include "model/store/pull.h"
#include "model/store/record.h"
#include "model/store/test_server.h"

namespace emostage {
namespace {

using model_store::ModelBytes;
using model_store::TempFolder;

TEST(PullHttplibTest, PullsAndResumes) {
  const std::string body = ModelBytes(300'001);
  httplib::Server server;
  std::string range;
  server.Get("/m.gguf", [&](const httplib::Request& request, httplib::Response& response) {
    range = request.get_header_value("Range");
    response.set_header("ETag", "\"v1\"");
    response.set_content(body, "application/octet-stream");
  });
  server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    if (request.path != "/start") return httplib::Server::HandlerResponse::Unhandled;
    response.set_redirect("/m.gguf");
    return httplib::Server::HandlerResponse::Handled;
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::jthread thread([&] { server.listen_after_bind(); });

  const TempFolder folder;
  PullRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + "/start";
  request.destination = folder.path() / "whole.gguf";
  (void)PullModel(request);
  EXPECT_EQ(ReadFile(request.destination), body);
  EXPECT_EQ(range, "");

  request.destination = folder.path() / "half.gguf";
  WriteFileAtomically(folder.path() / "half.gguf.part", body.substr(0, 100'000));
  model_store::WriteNote(folder.path() / "half.gguf.part",
                         {request.url, "\"v1\"", "", body.size(), 100'000});
  EXPECT_EQ(PullModel(request).resumed_from, 100'000U);
  EXPECT_EQ(ReadFile(request.destination), body);
  EXPECT_EQ(range, "bytes=100000-");
  server.stop();
}

}  // namespace
}  // namespace emostage
