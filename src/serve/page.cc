#include "serve/page.h"

#include <zlib.h>

#include <span>

#include "emostage/error.h"
#include "knowledge/embedded.h"

namespace emostage {

std::span<const EmbeddedEntry> PageFiles();  // written by EmostageEmbed.cmake

namespace {

// Nothing from anywhere else, nothing inline: what a client or the model writes can never run.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'none'; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'";

std::string Compress(std::string_view text) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error(ErrorCode::kInternal, "zlib does not start");
  }
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string in(text);  // zlib's interface wants it writable
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw Error(ErrorCode::kInternal, "zlib could not compress a file");
  return out;
}

std::string_view TypeOf(std::string_view path) {
  const std::string_view ending = path.substr(path.rfind('.') + 1);
  if (ending == "html") return "text/html; charset=utf-8";
  if (ending == "js") return "text/javascript; charset=utf-8";
  if (ending == "css") return "text/css; charset=utf-8";
  if (ending == "svg") return "image/svg+xml";
  if (ending == "json" || ending == "webmanifest") return "application/json";
  return "text/plain; charset=utf-8";
}

}  // namespace

Page::Page() {
  for (const EmbeddedEntry& entry : PageFiles()) {
    File file;
    file.text = entry.text;
    file.compressed = Compress(entry.text);
    file.type = TypeOf(entry.path);
    file.tag = "\"" + std::to_string(std::hash<std::string_view>{}(entry.text)) + "\"";
    file.lasting = entry.path.starts_with("assets/");
    files_.emplace("/" + std::string(entry.path), std::move(file));
  }
}

bool Page::Handle(const HttpRequest& request, HttpReply& reply) const {
  if (request.method != "GET" && request.method != "HEAD") return false;
  const auto it = files_.find(request.path == "/" ? "/index.html" : request.path);
  if (it == files_.end()) return false;
  const File& file = it->second;
  HttpHeaders headers = {
      {"Content-Security-Policy", std::string(kPolicy)},
      {"Referrer-Policy", "no-referrer"},
      {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cache-Control", file.lasting ? "public, max-age=31536000, immutable" : "no-cache"},
      {"Vary", "Accept-Encoding"},
      {"ETag", file.tag}};
  if (request.Header("If-None-Match") == file.tag) {
    reply.Send(304, "", "", std::move(headers));
    return true;
  }
  if (request.Header("Accept-Encoding").find("gzip") != std::string_view::npos) {
    headers.emplace_back("Content-Encoding", "gzip");
    reply.Send(200, file.type, file.compressed, std::move(headers));
  } else {
    reply.Send(200, file.type, std::string(file.text), std::move(headers));
  }
  return true;
}

size_t Page::first_paint_bytes() const {
  size_t bytes = 0;
  for (const auto& [path, file] : files_) bytes += file.compressed.size();
  return bytes;
}

}  // namespace emostage
