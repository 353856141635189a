#include "model/llama/root_cache.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "emostage/error.h"

namespace emostage {
namespace {

namespace fs = std::filesystem;

constexpr size_t kKeep = 12;          // files in the folder
constexpr size_t kWorthKeeping = 64;  // tokens; fewer are read as fast as loaded

constexpr size_t kLargest = size_t{2} << 30;

// FNV-1a's step on words of 8 bytes, the rest byte by byte: names a file, and tells a whole one
// from a damaged one. By bytes alone it would take a tenth of a start's time.
constexpr uint64_t kHashStart = 14695981039346656037ULL;
uint64_t Hash(uint64_t hash, const void* data, size_t size) {
  constexpr uint64_t kPrime = 1099511628211ULL;
  const auto* bytes = static_cast<const unsigned char*>(data);
  size_t at = 0;
  for (uint64_t word = 0; at + sizeof(word) <= size; at += sizeof(word)) {
    std::memcpy(&word, bytes + at, sizeof(word));
    hash = (hash ^ word) * kPrime;
    hash ^= hash >> 32;  // a product's high bits depend on all of the word, its low ones do not
  }
  for (; at < size; ++at) hash = (hash ^ bytes[at]) * kPrime;
  return hash;
}

void DropOldest(const std::string& folder) {
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".state") continue;
    files.emplace_back(entry.last_write_time(error), entry.path());
  }
  if (files.size() <= kKeep) return;
  std::sort(files.begin(), files.end());
  for (size_t i = 0; i + kKeep < files.size(); ++i) fs::remove(files[i].second, error);
}

}  // namespace

RootCache::RootCache(std::string folder, std::string model_id)
    : folder_(std::move(folder)), model_id_(std::move(model_id)) {}

std::string RootCache::Header(const std::vector<Token>& tokens) const {
  std::string header =
      "EmoStage root 2\n" + model_id_ + "\n" + std::to_string(tokens.size()) + "\n";
  header.append(reinterpret_cast<const char*>(tokens.data()), tokens.size() * sizeof(Token));
  return header;
}

std::string RootCache::PathFor(const std::vector<Token>& tokens) const {
  uint64_t hash = Hash(kHashStart, model_id_.data(), model_id_.size());
  hash = Hash(hash, tokens.data(), tokens.size() * sizeof(Token));
  char name[32];
  std::snprintf(name, sizeof(name), "/%016llx.state", static_cast<unsigned long long>(hash));
  return folder_ + name;
}

bool RootCache::Load(llama_context* context, llama_seq_id sequence,
                     const std::vector<Token>& tokens) const {
  if (folder_.empty() || tokens.size() < kWorthKeeping) return false;
  const std::string path = PathFor(tokens);
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  std::string file;
  try {
    file = ReadFile(path, kLargest);
  } catch (const Error&) {
    return false;
  }
  // Nothing that is not exactly what was written ever reaches llama.cpp, which believes its input.
  const std::string header = Header(tokens);
  const size_t begin = header.size() + sizeof(uint64_t);
  bool good = file.size() > begin && std::string_view(file).substr(0, header.size()) == header;
  if (good) {
    uint64_t sum = 0;
    std::memcpy(&sum, file.data() + header.size(), sizeof(sum));
    good = sum == Hash(kHashStart, file.data() + begin, file.size() - begin);
  }
  if (good) {
    const auto* state = reinterpret_cast<const uint8_t*>(file.data() + begin);
    const size_t size = file.size() - begin;
    good = llama_state_seq_set_data(context, state, size, sequence) == size;
    if (!good) llama_memory_seq_rm(llama_get_memory(context), sequence, -1, -1);
  }
  if (!good) {
    fs::remove(path, error);
    return false;
  }
  fs::last_write_time(path, fs::file_time_type::clock::now(), error);
  return true;
}

void RootCache::Save(llama_context* context, llama_seq_id sequence,
                     const std::vector<Token>& tokens) const {
  if (folder_.empty() || tokens.size() < kWorthKeeping) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  fs::permissions(folder_, fs::perms::owner_all, error);
  const size_t size = llama_state_seq_get_size(context, sequence);
  const fs::space_info space = fs::space(folder_, error);
  if (error || space.available < 4 * size) return;  // never what fills a disk
  std::vector<uint8_t> state(size);
  if (llama_state_seq_get_data(context, state.data(), size, sequence) != size || size == 0) return;
  const uint64_t sum = Hash(kHashStart, state.data(), size);
  std::string file = Header(tokens);
  file.append(reinterpret_cast<const char*>(&sum), sizeof(sum));
  file.append(reinterpret_cast<const char*>(state.data()), size);
  try {
    WriteFileAtomically(PathFor(tokens), file);
  } catch (const Error&) {
    return;
  }
  DropOldest(folder_);
}

}  // namespace emostage
