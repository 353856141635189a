#ifndef EMOSTAGE_SERVE_PAGE_H_
#define EMOSTAGE_SERVE_PAGE_H_

#include <map>
#include <string>
#include <string_view>

#include "serve/http/server.h"

namespace emostage {

// The web page's files, as they were built into the program (web/), each also compressed once.
// Immutable; thread-safe.
class Page {
 public:
  Page();

  // False: the page has no such file. "/" is its start.
  bool Handle(const HttpRequest& request, HttpReply& reply) const;
  // Bytes of everything the first view loads, compressed.
  [[nodiscard]] size_t first_paint_bytes() const;

 private:
  struct File {
    std::string_view text;
    std::string compressed;
    std::string_view type;
    std::string tag;       // for If-None-Match
    bool lasting = false;  // its name changes with its content
  };

  std::map<std::string, File, std::less<>> files_;  // by path
};

}  // namespace emostage

#endif  // EMOSTAGE_SERVE_PAGE_H_
