#include "eval/human_sheet_page.h"

#include <string_view>

#include "base/text.h"

namespace emostage::internal {
namespace {

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : RepairUtf8(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// The page may load nothing and send nothing: what people write about clients stays with them.
constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'";

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --line: #8885; --soft: #8881; --mark: #2a6f6f; }
@media (prefers-color-scheme: dark) { :root { --mark: #7fc8c4; } }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem 1rem 5rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; } h3 { font-size: .95rem; margin: .8rem 0 .2rem; }
article { border: 1px solid var(--line); border-radius: .6rem; padding: .2rem 1rem 1rem; margin: 1.5rem 0; }
.turn { margin: .3rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.turn b { font-weight: 600; }
.reply { border-left: .25rem solid var(--mark); background: var(--soft); padding: .5rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
fieldset { border: 0; border-top: 1px solid var(--line); margin: 1rem 0 0; padding: .6rem 0 0; }
legend { font-weight: 600; padding: 0 .5rem 0 0; }
label { display: flex; gap: .6rem; padding: .25rem 0; cursor: pointer; }
label span { min-width: 1.2rem; font-variant-numeric: tabular-nums; }
textarea, input[type=text] { font: inherit; width: 100%; box-sizing: border-box; }
footer { position: fixed; inset: auto 0 0 0; background: Canvas; border-top: 1px solid var(--line); padding: .6rem 1rem; display: flex; gap: 1rem; justify-content: center; align-items: center; }
button { font: inherit; padding: .4rem 1rem; }
:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
@media print { footer { display: none; } article { break-inside: avoid; } }
)";

// Keeps what is filled in on this machine, and saves it as the same table as the spreadsheet's.
constexpr std::string_view kScript = R"(
const form = document.querySelector('form');
const place = 'emostage-sheet-' + form.dataset.sheet;
const fields = [...form.querySelectorAll('input, textarea')];
const sets = [...form.querySelectorAll('fieldset')];
const chosen = (set) => set.querySelector('input:checked')?.value ?? '';
function show() {
  const done = sets.filter((set) => chosen(set) !== '').length;
  document.querySelector('output').textContent = done + ' / ' + sets.length;
}
function keep() {
  const kept = {};
  for (const field of fields) {
    if (field.type !== 'radio') kept[field.name] = field.value;
    else if (field.checked) kept[field.name] = field.value;
  }
  try { localStorage.setItem(place, JSON.stringify(kept)); } catch { /* not allowed here */ }
  show();
}
try {
  const kept = JSON.parse(localStorage.getItem(place) ?? '{}');
  for (const field of fields) {
    if (!(field.name in kept)) continue;
    if (field.type === 'radio') field.checked = field.value === kept[field.name];
    else field.value = kept[field.name];
  }
} catch { /* nothing kept */ }
form.addEventListener('input', keep);
form.addEventListener('submit', (event) => event.preventDefault());
function cell(text) {
  const guarded = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r]/.test(text) ? "'" + text : text;
  return '"' + guarded.replaceAll('"', '""') + '"';
}
document.querySelector('button').addEventListener('click', () => {
  const rater = form.elements.rater.value.trim();
  const rows = [['item', 'dimension', 'score', 'comment', 'rater']];
  for (const set of sets) {
    const comment = form.elements['comment ' + set.dataset.item].value;
    rows.push([set.dataset.item, set.dataset.dimension, chosen(set), comment, rater]);
  }
  const text = '\uFEFF' + rows.map((row) => row.map(cell).join(',') + '\r\n').join('');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  link.download = 'sheet-' + form.dataset.sheet + '.csv';
  link.click();
});
show();
)";

std::string Fieldset(const std::string& code, const Rubric& rubric,
                     const RubricDimension& dimension, Language language) {
  const std::string name = rubric.file.id + "/" + dimension.id;
  const std::string field = Escaped(code + " " + name);
  std::string html = "<fieldset data-item=\"" + Escaped(code) + "\" data-dimension=\"" +
                     Escaped(name) + "\"><legend>" + Escaped(dimension.question.in(language)) +
                     "</legend>\n";
  for (size_t i = 0; i < dimension.anchors.size(); ++i) {
    const std::string score = std::to_string(dimension.lowest + static_cast<int>(i));
    html += "<label><input type=\"radio\" name=\"" + field + "\" value=\"" + score + "\"><span>" +
            score + "</span>" + Escaped(dimension.anchors[i].in(language)) + "</label>\n";
  }
  return html + "</fieldset>\n";
}

std::string Article(const CodedItem& coded, std::span<const Rubric* const> rubrics,
                    const TextMap& words) {
  const auto& [code, item] = coded;
  std::string html = "<article lang=\"" + std::string(LanguageCode(item->language)) + "\"><h2>" +
                     Escaped(code) + "</h2>\n<h3>" + Escaped(words.at("talk")) + "</h3>\n";
  for (const Turn& turn : item->history.turns) {
    html += "<p class=\"turn\"><b>" +
            Escaped(words.at(turn.role == Role::kClient ? "client" : "listener")) + "</b> " +
            Escaped(turn.text) + "</p>\n";
  }
  if (!Trim(item->reply).empty()) {
    html += "<h3>" + Escaped(words.at("reply")) + "</h3>\n<div class=\"reply\">" +
            Escaped(item->reply) + "</div>\n";
  }
  for (const Rubric* rubric : rubrics) {
    for (const RubricDimension& dimension : rubric->dimensions) {
      html += Fieldset(code, *rubric, dimension, item->language);
    }
  }
  return html + "<h3><label for=\"comment-" + Escaped(code) + "\">" + Escaped(words.at("comment")) +
         "</label></h3><textarea id=\"comment-" + Escaped(code) + "\" name=\"comment " +
         Escaped(code) + "\" rows=\"2\"></textarea></article>\n";
}

}  // namespace

std::string HumanSheetPage(std::span<const CodedItem> items, std::span<const Rubric* const> rubrics,
                           const JudgeTexts& words, Language language, const std::string& sheet) {
  const TextMap& texts = words.sheet;
  std::string html =
      "<!doctype html>\n<html lang=\"" + std::string(LanguageCode(language)) +
      "\">\n<head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<meta "
      "http-equiv=\"Content-Security-Policy\" content=\"" +
      std::string(kPolicy) + "\">\n<title>" + Escaped(texts.at("title")) + "</title>\n<style>" +
      std::string(kStyle) + "</style></head>\n<body><main>" + "<h1>" + Escaped(texts.at("title")) +
      "</h1>\n<p>" + Escaped(texts.at("intro")) + "</p>\n<form data-sheet=\"" + Escaped(sheet) +
      "\" autocomplete=\"off\">\n<h3><label for=\"rater\">" + Escaped(texts.at("rater")) +
      "</label></h3><input type=\"text\" id=\"rater\" name=\"rater\">\n";
  for (const CodedItem& item : items) html += Article(item, rubrics, texts);
  return html + "</form></main>\n<footer><span><output></output> " + Escaped(texts.at("progress")) +
         "</span><button type=\"button\">" + Escaped(texts.at("save")) +
         "</button></footer>\n<script>" + std::string(kScript) + "</script></body></html>\n";
}

}  // namespace emostage::internal
