#ifndef EMOSTAGE_SESSION_STORE_ROWS_H_
#define EMOSTAGE_SESSION_STORE_ROWS_H_

#include <optional>
#include <string>

#include "session/store/sealer.h"
#include "session/store/store.h"

namespace emostage {

// A row as it is in the file: `plain` holds what is not encrypted; the rest is sealed. Where a
// sealed value may be missing, an empty string stands for NULL.
struct SessionRow {
  StoredSession plain;
  std::string title;
  std::string outside_id;
  std::string outside_hash;
  std::string client;
  std::string client_hash;
};
struct MessageRow {
  std::string session;
  int place = 0;
  StoredMessage plain;
  std::string text;
  std::string answer;
  std::string tip;
  std::string tip_hash;
};

[[nodiscard]] SessionRow SealSession(const StoredSession& session, const Sealer& sealer);
[[nodiscard]] MessageRow SealMessage(const std::string& session, int place,
                                     const StoredMessage& message, const Sealer& sealer);

// Nothing where one of the values does not open: the file was damaged or changed, or the key is
// another.
[[nodiscard]] std::optional<StoredSession> OpenSession(const SessionRow& row, const Sealer& sealer);
[[nodiscard]] std::optional<StoredMessage> OpenMessage(const MessageRow& row, const Sealer& sealer);
// The text alone.
[[nodiscard]] std::optional<std::string> OpenText(const MessageRow& row, const Sealer& sealer);

[[nodiscard]] std::string OutsideHash(const std::string& outside_id, const Sealer& sealer);
[[nodiscard]] std::string ClientHash(const std::string& client, const Sealer& sealer);
[[nodiscard]] std::string TipHash(const std::string& tip, const Sealer& sealer);

}  // namespace emostage

#endif  // EMOSTAGE_SESSION_STORE_ROWS_H_
