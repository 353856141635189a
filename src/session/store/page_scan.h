#ifndef EMOSTAGE_SESSION_STORE_PAGE_SCAN_H_
#define EMOSTAGE_SESSION_STORE_PAGE_SCAN_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace emostage {

// A column's value: NULL, a whole number, or the bytes of a text or blob. A number with a fraction,
// which our tables do not have, is taken for NULL.
using ScannedValue = std::variant<std::monostate, int64_t, std::string>;

// Calls `on_row` for every row that stands in a table's leaf page somewhere in `file`, the bytes of
// a SQLite file with pages of `page_bytes`. Nothing else in the file is relied on: no header, no
// schema, no inner page. So rows come in no order, of all tables alike, and where a page was
// overwritten there may be rows that never were; the caller tells by what they hold. Takes any
// bytes.
void ScanPages(std::string_view file, uint32_t page_bytes,
               const std::function<void(const std::vector<ScannedValue>&)>& on_row);

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_PAGE_SCAN_H_
