#ifndef EMOSTAGE_CLI_CHART_H_
#define EMOSTAGE_CLI_CHART_H_

#include <string>
#include <vector>

namespace emostage {

struct ChartBar {
  std::string label;
  double value = 0;         // not negative; sets the bar's length
  std::string text;         // the value as it is to be read
  bool emphasised = false;  // in the colour of what the picture is about
};

struct Chart {
  std::string title;
  std::vector<ChartBar> bars;
  std::vector<std::string> caption;  // lines
};

// Horizontal bars as one self-contained SVG file: no scripts, no outside fonts.
[[nodiscard]] std::string DrawChart(const Chart& chart);

// Throws Error(kIo).
void WriteChart(const Chart& chart, const std::string& path);

// "2026-11-21"
[[nodiscard]] std::string Today();

}  // namespace emostage

#endif  // EMOSTAGE_CLI_CHART_H_
