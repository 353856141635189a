#include "model/llama/root_cache.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace emostage {
namespace {

namespace fs = std::filesystem;

constexpr size_t kKeep = 12;           // files in the folder
constexpr size_t kWorthKeeping = 64;   // tokens; fewer are read as fast as loaded

// FNV-1a, 64 bit: names a file; what it holds is compared token by token after loading.
uint64_t Hash(uint64_t hash, const void* data, size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 1099511628211ULL;
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

std::string RootCache::PathFor(const std::vector<Token>& tokens) const {
  uint64_t hash = 14695981039346656037ULL;
  hash = Hash(hash, model_id_.data(), model_id_.size());
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
  std::vector<Token> stored(tokens.size() + 1);
  size_t count = 0;
  const size_t read = llama_state_seq_load_file(context, path.c_str(), sequence, stored.data(),
                                                stored.size(), &count);
  stored.resize(std::min(count, stored.size()));
  if (read == 0 || stored != tokens) {
    llama_memory_seq_rm(llama_get_memory(context), sequence, -1, -1);
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
  const std::string path = PathFor(tokens);
  const std::string temporary = path + "." + std::to_string(getpid());
  const size_t size = llama_state_seq_get_size(context, sequence);
  const fs::space_info space = fs::space(folder_, error);
  if (error || space.available < 4 * size) return;  // never what fills a disk
  const size_t written = llama_state_seq_save_file(context, temporary.c_str(), sequence,
                                                   tokens.data(), tokens.size());
  if (written > 0) fs::rename(temporary, path, error);
  if (written == 0 || error) fs::remove(temporary, error);
  DropOldest(folder_);
}

}  // namespace emostage
