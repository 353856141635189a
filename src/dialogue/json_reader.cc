#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "dialogue/readers_internal.h"
#include "emostage/error.h"

// Every JSON format is a list of turns with a key for who speaks and a key for what was said; they
// differ in the names of the keys. So there is one reader, and a table of names.
namespace emostage::internal {
namespace {

struct Shape {
  DialogueFormat format;
  std::vector<std::string_view> list_keys;  // where an object keeps its turns
  std::vector<std::string_view> role_keys;
  std::vector<std::string_view> text_keys;  // the first present counts
};

const Shape& ShapeOf(DialogueFormat format) {
  static const auto& shapes = *new const std::vector<Shape>{
      {DialogueFormat::kAuto,
       {"dialogue", "turns", "messages", "dialog"},
       {"role", "speaker"},
       {"text", "utterance", "content"}},
      {DialogueFormat::kEmoStage, {"dialogue", "turns"}, {"role"}, {"text"}},
      {DialogueFormat::kOpenAi, {"messages"}, {"role"}, {"content"}},
      {DialogueFormat::kEsconv, {"dialog"}, {"speaker"}, {"content", "text"}},
      {DialogueFormat::kSmile, {}, {"role"}, {"content"}},
      {DialogueFormat::kKokoroChat, {"dialogue"}, {"role"}, {"utterance", "content"}},
  };
  for (const Shape& shape : shapes) {
    if (shape.format == format) return shape;
  }
  return shapes.front();
}

// What a role word means. nullopt inside: a message that is no part of the talk.
struct RoleWord {
  std::string_view word;
  std::optional<Role> role;
};
constexpr RoleWord kRoleWords[] = {
    {"client", Role::kClient},        {"counsellor", Role::kCounsellor},
    {"counselor", Role::kCounsellor}, {"user", Role::kClient},
    {"assistant", Role::kCounsellor}, {"seeker", Role::kClient},
    {"supporter", Role::kCounsellor}, {"system", std::nullopt},
    {"developer", std::nullopt},      {"tool", std::nullopt},
    {"function", std::nullopt},
};

const Json* Find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  return found == object.end() ? nullptr : &*found;
}

const Json* FindFirst(const Json& object, const std::vector<std::string_view>& keys) {
  for (const std::string_view key : keys) {
    if (const Json* value = Find(object, key)) return value;
  }
  return nullptr;
}

std::string StringOr(const Json* value, std::string fallback) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::move(fallback);
}

// `"text", "utterance" or "content"`
std::string NameAll(const std::vector<std::string_view>& keys) {
  std::string names;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i > 0) names += i + 1 == keys.size() ? " or " : ", ";
    names.append("\"").append(keys[i]).append("\"");
  }
  return names;
}

// A word of the input as it may stand in a message: short, on one line.
std::string Quote(std::string_view word) {
  constexpr std::size_t kMaxBytes = 40;
  std::string quoted(Utf8Prefix(word, kMaxBytes));
  std::replace(quoted.begin(), quoted.end(), '\n', ' ');
  return "\"" + quoted + "\"";
}

const RoleWord& RoleWordFor(const Json& turn, const Shape& shape, const std::string& where) {
  const Json* value = FindFirst(turn, shape.role_keys);
  if (value == nullptr || !value->is_string()) {
    throw Error(ErrorCode::kInput, where + " has no " + NameAll(shape.role_keys),
                "say who speaks: client or counsellor");
  }
  const std::string repaired = RepairUtf8(value->get_ref<const std::string&>());
  std::string word(Trim(repaired));
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const RoleWord& known : kRoleWords) {
    if (known.word == word) return known;
  }
  throw Error(ErrorCode::kInput, where + " has the unknown role " + Quote(repaired),
              "the roles are client and counsellor, or user and assistant");
}

// What was said: a string, or OpenAI's array of parts, of which those without text (pictures, tool
// calls) say nothing here. null is how OpenAI writes a message of tool calls only.
std::string TextOf(const Json& turn, const Shape& shape, const std::string& where) {
  const Json* value = FindFirst(turn, shape.text_keys);
  if (value == nullptr) {
    throw Error(ErrorCode::kInput, where + " has no " + NameAll(shape.text_keys),
                "give the words that were said");
  }
  if (value->is_string()) return value->get<std::string>();
  if (value->is_null()) return "";
  if (!value->is_array()) {
    throw Error(ErrorCode::kInput, where + " has words that are not text",
                "write them as a JSON string");
  }
  std::string joined;
  for (const Json& part : *value) {
    const std::string text = StringOr(Find(part, "text"), "");
    if (!joined.empty() && !text.empty()) joined += '\n';
    joined += text;
  }
  return joined;
}

void ReadTurn(const Json& turn, const Shape& shape, const std::string& where, Dialogue* dialogue) {
  if (!turn.is_object()) {
    throw Error(ErrorCode::kInput, where + " is not a JSON object",
                "write each turn as {\"role\": …, \"text\": …}");
  }
  const RoleWord& speaker = RoleWordFor(turn, shape, where);
  if (!speaker.role) return;
  const Json* label = Find(turn, "strategy");
  if (label == nullptr) {
    if (const Json* annotation = Find(turn, "annotation")) label = Find(*annotation, "strategy");
  }
  AddTurn(*speaker.role, TextOf(turn, shape, where), StringOr(label, ""), dialogue);
}

// Reads an array of turns, or an object that has one. `where` is empty, or "dialogue 3, ".
Dialogue ReadDialogue(const Json& value, const Shape& shape, const std::string& where) {
  Dialogue dialogue;
  const Json* turns = &value;
  if (value.is_object()) {
    turns = FindFirst(value, shape.list_keys);
    if (const Json* id = Find(value, "id")) {
      dialogue.id = id->is_number_integer() ? id->dump() : RepairUtf8(StringOr(id, ""));
    }
  }
  if (turns == nullptr || !turns->is_array()) {
    const std::string keys = shape.list_keys.empty()
                                 ? ""
                                 : ", or an object that has one under " + NameAll(shape.list_keys);
    throw Error(ErrorCode::kInput, where + "the dialogue is not an array of turns" + keys,
                "see docs/wire.md for the form, or name the format");
  }
  for (std::size_t i = 0; i < turns->size(); ++i) {
    ReadTurn((*turns)[i], shape, where + "turn " + std::to_string(i + 1), &dialogue);
  }
  if (dialogue.turns.empty()) {
    throw Error(ErrorCode::kInput, where + "the dialogue has no turns with words in them",
                "give at least one turn");
  }
  return dialogue;
}

bool IsJson(std::string_view text) {
  try {
    (void)ParseJson(text, "");
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The lines of `content` that are not blank, where the content is JSON lines: the first such line
// is a whole JSON value and more lines follow. Else none.
std::vector<std::pair<std::size_t, std::string_view>> JsonLines(std::string_view content) {
  std::vector<std::pair<std::size_t, std::string_view>> lines;
  std::size_t number = 0;
  for (const std::string_view line : SplitLines(content)) {
    ++number;
    if (!Trim(line).empty()) lines.emplace_back(number, line);
  }
  if (lines.size() < 2 || !IsJson(lines.front().second)) lines.clear();
  return lines;
}

// JSON lines come out as the array of the lines' values, so that there is one form to read.
Json Parse(std::string_view content) {
  constexpr std::string_view kWhat = "the dialogue";
  const auto lines = JsonLines(content);
  if (lines.empty()) return ParseJson(content, kWhat);
  Json values = Json::array();
  for (const auto& [number, line] : lines) {
    try {
      values.push_back(ParseJson(line, kWhat));
    } catch (const Error&) {
      // Once more, with the line where it stands in the file, for the message to name its number.
      values.push_back(ParseJson(std::string(number - 1, '\n').append(line), kWhat));
    }
  }
  return values;
}

}  // namespace

std::vector<Dialogue> ReadJsonDialogues(std::string_view content, DialogueFormat format) {
  const Shape& shape = ShapeOf(format);
  const Json document = Parse(content);
  const bool several = document.is_array() && !document.empty() &&
                       (document[0].is_array() || FindFirst(document[0], shape.list_keys));
  if (!several) return {ReadDialogue(document, shape, "")};
  std::vector<Dialogue> dialogues;
  for (std::size_t i = 0; i < document.size(); ++i) {
    const std::string where =
        document.size() == 1 ? "" : "dialogue " + std::to_string(i + 1) + ", ";
    dialogues.push_back(ReadDialogue(document[i], shape, where));
  }
  return dialogues;
}

}  // namespace emostage::internal
