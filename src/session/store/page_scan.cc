#include "session/store/page_scan.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

// The format is described at https://www.sqlite.org/fileformat2.html.
namespace emostage {
namespace {

constexpr std::size_t kFileHeaderBytes = 100;  // at the start of the first page
constexpr std::size_t kLeafHeaderBytes = 8;
constexpr unsigned char kTableLeaf = 0x0D;
constexpr std::size_t kMaxColumns = 64;  // more than our tables have

unsigned char ByteAt(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

uint32_t BigEndian(std::string_view bytes, std::size_t at, std::size_t count) {
  uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = (value << 8) | ByteAt(bytes, at + i);
  return value;
}

// SQLite's varint: seven bits a byte, the ninth byte whole. Takes it off the front; nothing where
// the bytes end first.
std::optional<uint64_t> TakeVarint(std::string_view* bytes) {
  constexpr std::size_t kLongest = 9;
  uint64_t value = 0;
  for (std::size_t i = 0; i < std::min(kLongest, bytes->size()); ++i) {
    const unsigned char byte = ByteAt(*bytes, i);
    const bool last = i + 1 == kLongest;
    value = last ? (value << 8) | byte : (value << 7) | (byte & 0x7FU);
    if (last || byte < 0x80) {
      bytes->remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

class Scanner {
 public:
  Scanner(std::string_view file, uint32_t page_bytes) : file_(file), page_bytes_(page_bytes) {}

  [[nodiscard]] std::size_t pages() const { return file_.size() / page_bytes_; }
  [[nodiscard]] std::string_view Page(std::size_t index) const {
    return file_.substr(index * page_bytes_, page_bytes_);
  }

  void ScanLeaf(std::size_t index,
                const std::function<void(const std::vector<ScannedValue>&)>& on_row) const {
    const std::string_view page = Page(index);
    const std::size_t start = index == 0 ? kFileHeaderBytes : 0;
    if (ByteAt(page, start) != kTableLeaf) return;
    const std::size_t cells = BigEndian(page, start + 3, 2);
    for (std::size_t i = 0; i < cells; ++i) {
      const std::size_t pointer = start + kLeafHeaderBytes + 2 * i;
      if (pointer + 2 > page.size()) return;
      const std::size_t cell = BigEndian(page, pointer, 2);
      if (cell >= page.size()) continue;
      const std::optional<std::string> record = RecordAt(page.substr(cell));
      if (!record) continue;
      if (const auto row = ParseRecord(*record)) on_row(*row);
    }
  }

 private:
  // A cell's whole content, with what stands on overflow pages.
  [[nodiscard]] std::optional<std::string> RecordAt(std::string_view cell) const {
    const std::optional<uint64_t> size = TakeVarint(&cell);
    if (!size || !TakeVarint(&cell)) return std::nullopt;  // the second is the row's number
    if (*size > file_.size()) return std::nullopt;
    const std::size_t usable = page_bytes_;
    const std::size_t most = usable - 35;
    std::size_t here = *size;
    if (here > most) {
      const std::size_t least = (usable - 12) * 32 / 255 - 23;
      here = least + (*size - least) % (usable - 4);
      if (here > most) here = least;
    }
    if (here + (here < *size ? 4 : 0) > cell.size()) return std::nullopt;
    std::string record(cell.substr(0, here));
    uint32_t next = here < *size ? BigEndian(cell, here, 4) : 0;
    // Each page gives some bytes, so a ring of pages ends too.
    while (record.size() < *size) {
      if (next == 0 || next > pages()) return std::nullopt;
      const std::string_view page = Page(next - 1);
      next = BigEndian(page, 0, 4);
      record += page.substr(4, std::min(page.size() - 4, *size - record.size()));
    }
    return record;
  }

  [[nodiscard]] static std::optional<std::vector<ScannedValue>> ParseRecord(
      std::string_view record) {
    std::string_view rest = record;
    const std::optional<uint64_t> header_bytes = TakeVarint(&rest);
    if (!header_bytes || *header_bytes > record.size()) return std::nullopt;
    if (*header_bytes < record.size() - rest.size()) return std::nullopt;
    std::string_view types = rest.substr(0, *header_bytes - (record.size() - rest.size()));
    std::string_view body = record.substr(*header_bytes);
    std::vector<ScannedValue> row;
    while (!types.empty()) {
      const std::optional<uint64_t> type = TakeVarint(&types);
      if (!type || row.size() == kMaxColumns || !TakeValue(*type, &body, &row)) return std::nullopt;
    }
    return row;
  }

  static bool TakeValue(uint64_t type, std::string_view* body, std::vector<ScannedValue>* row) {
    constexpr std::size_t kNumberBytes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    constexpr uint64_t kFraction = 7;
    constexpr uint64_t kZero = 8;
    constexpr uint64_t kFirstBytes = 12;
    if (type == 10 || type == 11) return false;  // SQLite's own, never in a file
    const uint64_t size = type < kFirstBytes ? kNumberBytes[type] : (type - kFirstBytes) / 2;
    if (size > body->size()) return false;
    const std::string_view bytes = body->substr(0, size);
    body->remove_prefix(size);
    if (type >= kFirstBytes) {
      row->emplace_back(std::string(bytes));
    } else if (type >= kZero) {
      row->emplace_back(static_cast<int64_t>(type - kZero));
    } else if (type == 0 || type == kFraction) {
      row->emplace_back(std::monostate());
    } else {
      uint64_t value = (ByteAt(bytes, 0) & 0x80U) != 0 ? ~uint64_t{0} : 0;
      for (std::size_t i = 0; i < bytes.size(); ++i) value = (value << 8) | ByteAt(bytes, i);
      row->emplace_back(static_cast<int64_t>(value));
    }
    return true;
  }

  std::string_view file_;
  uint32_t page_bytes_;
};

}  // namespace

void ScanPages(std::string_view file, uint32_t page_bytes,
               const std::function<void(const std::vector<ScannedValue>&)>& on_row) {
  constexpr uint32_t kSmallestPage = 512;
  if (page_bytes < kSmallestPage) return;
  const Scanner scanner(file, page_bytes);
  for (std::size_t page = 0; page < scanner.pages(); ++page) scanner.ScanLeaf(page, on_row);
}

}  // namespace emostage
