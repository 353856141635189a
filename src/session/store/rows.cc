#include "session/store/rows.h"

#include <string_view>

namespace emostage {
namespace {

// What a sealed value is bound to: its column, its row, and for a message who said it. The id,
// which may hold anything, comes last, so that no two places read alike.
std::string SessionPlace(std::string_view column, const std::string& id) {
  return std::string("sessions.").append(column).append("/").append(id);
}
std::string MessagePlace(std::string_view column, const MessageRow& row) {
  return std::string("messages.")
      .append(column)
      .append("/")
      .append(std::to_string(row.place))
      .append(row.plain.role == Role::kClient ? "/client/" : "/counsellor/")
      .append(row.session);
}

bool OpenInto(std::string* text, const std::string& sealed, const std::string& place,
              const Sealer& sealer) {
  std::optional<std::string> opened = sealer.Open(sealed, place);
  if (opened) *text = *std::move(opened);
  return opened.has_value();
}

}  // namespace

SessionRow SealSession(const StoredSession& session, const Sealer& sealer) {
  SessionRow row;
  row.plain = session;
  row.title = sealer.Seal(session.title, SessionPlace("title", session.id));
  if (!session.outside_id.empty()) {
    row.outside_id = sealer.Seal(session.outside_id, SessionPlace("outside_id", session.id));
    row.outside_hash = OutsideHash(session.outside_id, sealer);
  }
  if (!session.client.empty()) {
    row.client = sealer.Seal(session.client, SessionPlace("client", session.id));
    row.client_hash = ClientHash(session.client, sealer);
  }
  return row;
}

MessageRow SealMessage(const std::string& session, int place, const StoredMessage& message,
                       const Sealer& sealer) {
  MessageRow row;
  row.session = session;
  row.place = place;
  row.plain.role = message.role;
  row.plain.at_ms = message.at_ms;
  row.plain.cancelled = message.cancelled;
  row.text = sealer.Seal(message.text, MessagePlace("text", row));
  if (!message.answer.empty())
    row.answer = sealer.Seal(message.answer, MessagePlace("answer", row));
  if (!message.tip.empty()) {
    row.tip = sealer.Seal(message.tip, MessagePlace("tip", row));
    row.tip_hash = TipHash(message.tip, sealer);
  }
  return row;
}

std::optional<StoredSession> OpenSession(const SessionRow& row, const Sealer& sealer) {
  StoredSession session = row.plain;
  const std::string& id = session.id;
  if (!OpenInto(&session.title, row.title, SessionPlace("title", id), sealer)) return std::nullopt;
  if (!row.outside_id.empty() &&
      !OpenInto(&session.outside_id, row.outside_id, SessionPlace("outside_id", id), sealer)) {
    return std::nullopt;
  }
  if (!row.client.empty() &&
      !OpenInto(&session.client, row.client, SessionPlace("client", id), sealer)) {
    return std::nullopt;
  }
  return session;
}

std::optional<std::string> OpenText(const MessageRow& row, const Sealer& sealer) {
  return sealer.Open(row.text, MessagePlace("text", row));
}

std::optional<StoredMessage> OpenMessage(const MessageRow& row, const Sealer& sealer) {
  StoredMessage message = row.plain;
  if (!OpenInto(&message.text, row.text, MessagePlace("text", row), sealer)) return std::nullopt;
  if (!row.answer.empty() &&
      !OpenInto(&message.answer, row.answer, MessagePlace("answer", row), sealer)) {
    return std::nullopt;
  }
  if (!row.tip.empty() && !OpenInto(&message.tip, row.tip, MessagePlace("tip", row), sealer)) {
    return std::nullopt;
  }
  return message;
}

std::string OutsideHash(const std::string& outside_id, const Sealer& sealer) {
  return sealer.LookupHash("outside_id", outside_id);
}
std::string ClientHash(const std::string& client, const Sealer& sealer) {
  return sealer.LookupHash("client", client);
}
std::string TipHash(const std::string& tip, const Sealer& sealer) {
  return sealer.LookupHash("tip", tip);
}

}  // namespace emostage
