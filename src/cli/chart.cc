#include "cli/chart.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string_view>

#include "base/text.h"
#include "emostage/error.h"

namespace emostage {
namespace {

constexpr int kWidth = 760;
constexpr int kMargin = 24;
constexpr int kBarHeight = 22;
constexpr int kRowHeight = 50;  // the label stands above its bar, so it may be long
constexpr int kTitleHeight = 62;
constexpr int kCaptionLine = 17;
constexpr int kRoomForText = 110;  // right of the longest bar

std::string Escape(std::string_view text) {
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
      default:
        // XML knows no other control characters.
        escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return escaped;
}

std::string TextAt(int x, int y, std::string_view style, std::string_view text) {
  return "  <text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" class=\"" +
         std::string(style) + "\">" + Escape(text) + "</text>\n";
}

}  // namespace

std::string DrawChart(const Chart& chart) {
  double longest = 0;
  for (const ChartBar& bar : chart.bars) longest = std::max(longest, bar.value);
  const int bars = static_cast<int>(chart.bars.size());
  const int caption = static_cast<int>(chart.caption.size());
  const int height = kTitleHeight + bars * kRowHeight + caption * kCaptionLine + kMargin + 6;
  const std::string w = std::to_string(kWidth);
  const std::string h = std::to_string(height);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w + "\" height=\"" + h +
                    "\" viewBox=\"0 0 " + w + " " + h + "\" role=\"img\" aria-label=\"" +
                    Escape(chart.title) + "\">\n";
  svg +=
      "  <style>\n"
      "    text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', "
      "sans-serif; fill: #22313f; }\n"
      "    .title { font-size: 18px; font-weight: 600; }\n"
      "    .label { font-size: 14px; }\n"
      "    .value { font-size: 14px; font-weight: 600; }\n"
      "    .caption { font-size: 12px; fill: #5d6d7e; }\n"
      "    .bar { fill: #b9c4cf; }\n"
      "    .ours { fill: #1f7a6d; }\n"
      "  </style>\n";
  svg += "  <rect width=\"" + w + "\" height=\"" + h + "\" fill=\"#fbfcfc\"/>\n";
  svg += TextAt(kMargin, 38, "title", chart.title);
  int y = kTitleHeight;
  for (const ChartBar& bar : chart.bars) {
    constexpr int kRoom = kWidth - 2 * kMargin - kRoomForText;
    const double share = longest > 0 ? std::max(0.0, bar.value) / longest : 0;
    // A bar of nothing still shows where it is.
    const int length = std::max(1, static_cast<int>(std::lround(share * kRoom)));
    svg += TextAt(kMargin, y + 14, "label", bar.label);
    svg += "  <rect x=\"" + std::to_string(kMargin) + "\" y=\"" + std::to_string(y + 20) +
           "\" width=\"" + std::to_string(length) + "\" height=\"" + std::to_string(kBarHeight) +
           "\" rx=\"3\" class=\"" + (bar.emphasised ? "ours" : "bar") + "\"/>\n";
    svg += TextAt(kMargin + length + 8, y + 36, "value", bar.text);
    y += kRowHeight;
  }
  y += 18;
  for (const std::string& line : chart.caption) {
    svg += TextAt(kMargin, y, "caption", line);
    y += kCaptionLine;
  }
  return svg + "</svg>\n";
}

void WriteChart(const Chart& chart, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  file << DrawChart(chart);
  file.close();
  if (!file) throw Error(ErrorCode::kIo, "cannot write " + path, "choose another --chart");
}

std::string Today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm date{};
  gmtime_r(&now, &date);
  char text[16];
  (void)std::strftime(text, sizeof text, "%Y-%m-%d", &date);
  return text;
}

}  // namespace emostage
