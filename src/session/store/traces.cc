#include "session/store/traces.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "emostage/error.h"

namespace emostage {
namespace {

constexpr size_t kPiece = sizeof(uint64_t);
constexpr size_t kLongest = 4096;         // bytes of a blob that can lie among other rows
constexpr size_t kMostPieces = 1U << 18;  // more are not worth looking for: 2 MiB of texts
constexpr size_t kChunk = 1U << 20;

uint64_t PieceAt(const char* bytes) {
  uint64_t piece = 0;
  std::memcpy(&piece, bytes, kPiece);
  return piece;
}

}  // namespace

void Traces::Add(std::string_view blob) {
  if (too_many_) return;
  if (beginnings_.empty()) beginnings_.resize(size_t{1} << 16);
  const size_t length = std::min(blob.size(), kLongest);
  for (size_t at = 0; at + kPiece <= length; at += kPiece) {
    const uint64_t piece = PieceAt(blob.data() + at);
    if (piece == 0) continue;  // what is empty holds it too
    pieces_.insert(piece);
    beginnings_[piece & 0xFFFF] = true;
  }
  if (pieces_.size() > kMostPieces) {
    Clear();
    too_many_ = true;
  }
}

void Traces::Clear() {
  pieces_.clear();
  beginnings_.clear();
  too_many_ = false;
}

bool Traces::InFile(const std::string& path) const {
  if (pieces_.empty()) return false;
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes(kChunk + kPiece - 1);
  size_t kept = 0;  // bytes of the chunk before, in which a piece may begin
  while (file) {
    file.read(bytes.data() + kept, static_cast<std::streamsize>(kChunk));
    const size_t held = kept + static_cast<size_t>(file.gcount());
    for (size_t at = 0; at + kPiece <= held; ++at) {
      const uint64_t piece = PieceAt(bytes.data() + at);
      if (beginnings_[piece & 0xFFFF] && pieces_.contains(piece)) return true;
    }
    const size_t rest = std::min(held, kPiece - 1);
    std::memmove(bytes.data(), bytes.data() + held - rest, rest);
    kept = rest;
  }
  if (!file.eof()) {
    throw Error(ErrorCode::kIo, "cannot read the store " + path, "check the disk");
  }
  return false;
}

}  // namespace emostage
