#include "knowledge/transition_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "emostage/error.h"
#include "knowledge/toml_reader.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;

std::string Shipped() {
  return ReadFile(
      (std::filesystem::path(EMOSTAGE_SOURCE_DIR) / "data" / "transition.toml").string(), 1 << 20);
}

// What reading the shipped file says with the first `from` replaced.
std::string Fault(const std::string& from, const std::string& to) {
  std::string text = Shipped();
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  try {
    static_cast<void>(ReadTransition(TomlDocument("transition.toml", "transition", text)));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kKnowledge);
    return error.what();
  }
  return "no fault";
}

TEST(TransitionData, ShippedFileHoldsSevenEmotionsAndThreePersonalities) {
  const TransitionData data =
      ReadTransition(TomlDocument("transition.toml", "transition", Shipped()));
  EXPECT_EQ(data.emotions.size(), 7U);
  EXPECT_EQ(data.personalities.size(), 3U);
  EXPECT_EQ(data.Nearest({}).id, "neutral");
  EXPECT_EQ(data.Nearest({-0.6, -0.2, -0.3}).id, "sadness");
  EXPECT_THROW(static_cast<void>(data.personality("stern")), Error);
}

TEST(TransitionData, FaultsAreNamedWithTheirLine) {
  EXPECT_THAT(Fault("pull = 0.5", "pull = 1.5"), HasSubstr("pull must lie between"));
  EXPECT_THAT(Fault("arousal = 0.59", "arousal = 1.59"), HasSubstr("arousal must lie between"));
  EXPECT_THAT(Fault("id = \"disgust\"", "id = \"anger\""), HasSubstr("used twice"));
  EXPECT_THAT(Fault("{{emotion}}", "it"), HasSubstr("{{emotion}}"));
  EXPECT_THAT(Fault("valence = 0.0, arousal = 0.0", "valence = 0.1, arousal = 0.0"),
              HasSubstr("exactly one emotion"));
  EXPECT_THAT(Fault("openness = 0.5", "opnness = 0.5"), HasSubstr("opnness"));
}

}  // namespace
}  // namespace emostage
