#include "eval/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/file.h"
#include "base/text.h"
#include "emostage/error.h"
#include "eval/journal.h"
#include "eval/report.h"
#include "eval/run_folder.h"
#include "eval/tasks.h"
#include "model/scripted/scripted_model.h"

namespace emostage {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::shared_ptr<const Knowledge>& Shipped() {
  static const auto& knowledge =
      *new std::shared_ptr<const Knowledge>(LoadKnowledge(EMOSTAGE_SOURCE_DIR "/data"));
  return knowledge;
}

// Answers with the seed it was given, in words (digits would be held back), so that equal items
// have equal replies and no others have.
std::shared_ptr<ScriptedModel> SeedTeller() {
  return ScriptedModel::Create({.text = [](const Ask& ask) {
    std::string reply = "I hear";
    for (uint64_t rest = ask.sampling.seed % 100000; rest > 0; rest /= 10) {
      reply += ' ';
      reply += "abcdefghij"[rest % 10];
    }
    return reply + ".";
  }});
}

class RunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(::testing::TempDir()) /
        ("runner-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    DataSetFilter filter;
    filter.limit = 3;
    data_ = ReadDataSet("scenarios", filter, EMOSTAGE_SOURCE_DIR "/data");
    options_.methods = {"emostage", "direct"};
    options_.session.knowledge = Shipped();
    options_.session.leanings = OpenLeanings();
    options_.texts =
        std::make_shared<const std::vector<EvalTexts>>(ReadEvalTexts(EMOSTAGE_SOURCE_DIR "/data"));
    options_.seed = 5;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The first line in which they differ.
  static std::string Difference(const std::string& a, const std::string& b) {
    const std::vector<std::string_view> left = SplitLines(a);
    const std::vector<std::string_view> right = SplitLines(b);
    for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
      if (left[i] != right[i]) return std::string(left[i]) + "\n" + std::string(right[i]);
    }
    return left.size() == right.size() ? "" : "one has more items";
  }

  // Every item without its times.
  static std::string Content(const std::filesystem::path& folder) {
    std::string all;
    for (EvalItem& item : ReadItems(folder)) {
      item.answer.total_ms = item.answer.first_token_ms = 0;
      for (Step& step : item.answer.steps) step.ms = 0;
      all += DumpJson(EvalItemToJson(item)) + '\n';
    }
    return all;
  }

  std::filesystem::path folder_;
  DataSet data_;
  RunOptions options_;
};

TEST_F(RunnerTest, EveryPlaceOfEveryDialogueIsAnsweredOnceByEveryMethod) {
  size_t places = 0;
  for (const EvalDialogue& dialogue : data_.dialogues) places += AnswerableTurns(dialogue).size();
  const RunSummary summary = RunEval(SeedTeller(), data_, folder_, options_);
  EXPECT_EQ(summary.units, 18U);
  EXPECT_EQ(summary.resumed, 0U);
  const std::vector<EvalItem> items = ReadItems(folder_);
  EXPECT_EQ(items.size(), 2 * places);
  for (const EvalItem& item : items) {
    EXPECT_EQ(item.error, "");
    const bool answered = item.method == "emostage" && !item.answer.risk.took_over;
    EXPECT_EQ(item.answer.phase.has_value(), answered);
  }
}

TEST_F(RunnerTest, AKilledRunGoesOnWithTheSameItems) {
  const auto whole = folder_ / "whole";
  const auto killed = folder_ / "killed";
  std::filesystem::create_directories(whole);
  std::filesystem::create_directories(killed);
  RunEval(SeedTeller(), data_, whole, options_);
  RunEval(SeedTeller(), data_, killed, options_);
  // As if the process had died while the tenth talk was being written.
  const std::string journal = ReadFile(killed / "items.jsonl");
  size_t at = 0;
  for (int unit = 0; unit < 9; ++unit) at = journal.find("{\"unit\"", at) + 1;
  at = journal.find('\n', at) + 1;
  std::ofstream(killed / "items.jsonl", std::ios::binary) << journal.substr(0, at + 700);
  const RunSummary summary = RunEval(SeedTeller(), data_, killed, options_);
  EXPECT_EQ(summary.resumed, 9U);
  EXPECT_GE(summary.cut_off, 1U);
  EXPECT_EQ(Difference(Content(killed), Content(whole)), "");
  // And a finished run asks nothing more.
  const auto idle = SeedTeller();
  EXPECT_EQ(RunEval(idle, data_, killed, options_).resumed, 18U);
  EXPECT_THAT(idle->asked(), SizeIs(0));  // not even to warm up
}

TEST_F(RunnerTest, ShardsAndThreadsMakeNoDifference) {
  const auto whole = folder_ / "whole";
  std::filesystem::create_directories(whole);
  options_.parallel = 4;
  RunEval(SeedTeller(), data_, whole, options_);
  options_.parallel = 1;
  options_.shards = 2;
  const auto joined = folder_ / "joined";
  std::filesystem::create_directories(joined);
  for (options_.shard = 0; options_.shard < 2; ++options_.shard) {
    RunEval(SeedTeller(), data_, joined, options_);
  }
  EXPECT_EQ(Difference(Content(joined), Content(whole)), "");
}

TEST_F(RunnerTest, AMethodsSeedDependsOnThePlaceAlone) {
  EXPECT_EQ(ItemSeed(5, "en-001", 4), ItemSeed(5, "en-001", 4));
  EXPECT_NE(ItemSeed(5, "en-001", 4), ItemSeed(5, "en-001", 6));
  EXPECT_NE(ItemSeed(5, "en-001", 4), ItemSeed(6, "en-001", 4));
  EXPECT_NE(ItemSeed(5, "en-001", 4), ItemSeed(5, "en-002", 4));
}

TEST_F(RunnerTest, AnAnswerThatFailsIsCountedAndTheRunGoesOn) {
  int asked = 0;
  const auto model = ScriptedModel::Create({.text = [&asked](const Ask&) -> std::string {
    if (++asked % 5 == 0) throw Error(ErrorCode::kModel, "the answer is no answer");
    return "I hear you.";
  }});
  options_.methods = {"direct"};
  RunEval(model, data_, folder_, options_);
  size_t failed = 0;
  for (const EvalItem& item : ReadItems(folder_)) {
    if (item.error.empty()) continue;
    ++failed;
    EXPECT_THAT(item.error, HasSubstr("no answer"));
  }
  EXPECT_GT(failed, 0U);
  RunManifest manifest;
  manifest.methods = {"direct"};
  FinishedRun run{manifest, data_.dialogues, ReadItems(folder_)};
  const OrderedJson report = BuildReport(run, *Shipped(), {.resamples = 100});
  EXPECT_EQ(report["methods"][0]["failed"], failed);
  EXPECT_THAT(report["notes"][0].get<std::string>(), HasSubstr("have no answer"));
}

TEST_F(RunnerTest, AModelThatIsGoneEndsTheRunAndKeepsWhatIsDone) {
  int asked = 0;
  const auto model = ScriptedModel::Create({.text = [&asked](const Ask&) -> std::string {
    if (++asked > 60) throw Error(ErrorCode::kNetwork, "the server is gone");
    return "I hear you.";
  }});
  options_.methods = {"direct"};
  EXPECT_THROW(RunEval(model, data_, folder_, options_), Error);
  const size_t kept = ReadItems(folder_).size();
  EXPECT_GT(kept, 0U);
  EXPECT_LT(kept, 90U);
  const RunSummary summary = RunEval(SeedTeller(), data_, folder_, options_);
  EXPECT_GT(summary.resumed, 0U);
  EXPECT_GT(ReadItems(folder_).size(), kept);
}

// The likelihood scripted is 2 nats a token for replies that hold "hear", and 1 for all others.
TEST_F(RunnerTest, TheModelIsAskedHowLikelyAndHowNearAReplyIsWhereThatIsWanted) {
  const auto model = ScriptedModel::Create({
      .text = [](const Ask&) { return "I hear you."; },
      .log_likelihood =
          [](const Ask&, const std::string& text) {
            return text.find("hear") == std::string::npos ? -1.0 : -2.0;
          },
  });
  options_.methods = {"direct"};
  RunEval(model, data_, folder_, options_);
  for (const EvalItem& item : ReadItems(folder_)) EXPECT_FALSE(item.log_perplexity);

  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  options_.model_metrics = true;
  RunEval(model, data_, folder_, options_);
  const std::vector<EvalItem> items = ReadItems(folder_);
  ASSERT_FALSE(items.empty());
  size_t near = 0;
  for (const EvalItem& item : items) {
    if (item.answer.risk.took_over) continue;
    ASSERT_TRUE(item.log_perplexity);
    EXPECT_NEAR(*item.log_perplexity, 2.0, 1e-9);
    if (!item.similarity) continue;  // the talk ends with the client
    ++near;
    EXPECT_GE(*item.similarity, -1.0001);
    EXPECT_LE(*item.similarity, 1.0001);
  }
  EXPECT_GT(near, 0U);
  const FinishedRun run{{}, data_.dialogues, items};
  const std::vector<ScoredItem> scored = ScoreItems(run.items, run.dialogues);
  EXPECT_TRUE(std::ranges::any_of(
      scored, [](const ScoredItem& one) { return one.values.contains("log_perplexity"); }));

  model->mutable_info().capabilities.log_probabilities = false;
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  EXPECT_THROW(RunEval(model, data_, folder_, options_), Error);
}

TEST_F(RunnerTest, ASimulatedClientTalksInTheirLanguageWithTheirPersona) {
  const auto model = ScriptedModel::Create({.text = [](const Ask& ask) {
    return ask.system.find("You play") == std::string::npos ? "What happened then?"
                                                            : "Well, it hurt.";
  }});
  options_.mode = EvalMode::kWholeSession;
  options_.methods = {"direct"};
  options_.max_turns = 3;
  DataSetFilter filter;
  filter.languages = {Language::kEnglish};
  filter.limit = 1;
  data_ = ReadDataSet("scenarios", filter, EMOSTAGE_SOURCE_DIR "/data");
  RunEval(model, data_, folder_, options_);
  const std::vector<EvalItem> items = ReadItems(folder_);
  ASSERT_THAT(items, SizeIs(3));
  EXPECT_EQ(items[0].client, data_.dialogues[0].turns[0].text);
  EXPECT_EQ(items[1].client, "Well, it hurt.");
  bool played = false;
  for (const Ask& ask : model->asked()) {
    if (ask.system.find("You play") == std::string::npos) continue;
    played = true;
    EXPECT_THAT(ask.system, HasSubstr(data_.dialogues[0].persona));
    EXPECT_THAT(ask.system, HasSubstr(data_.dialogues[0].hidden));
    EXPECT_EQ(ask.messages.back().text, "What happened then?");
    EXPECT_EQ(ask.messages.back().speaker, Speaker::kClient);
  }
  EXPECT_TRUE(played);
}

// A model that knows the phase: the report must find it out, and better than any baseline.
TEST_F(RunnerTest, LabelsAreHeldAgainstPeoples) {
  const PhaseScheme& five = Shipped()->scheme("five-phase");
  const auto model = ScriptedModel::Create(
      {.text = [](const Ask&) { return "words"; },
       .probabilities =
           [&](const Ask& ask, const std::vector<std::string>& labels) {
             std::vector<double> probabilities(labels.size(), 0.01);
             for (const EvalDialogue& dialogue : data_.dialogues) {
               for (const EvalTurn& turn : dialogue.turns) {
                 if (ask.messages.empty() || turn.role != Role::kClient ||
                     turn.text != ask.messages.back().text) {
                   continue;
                 }
                 for (size_t i = 0; i < five.phases.size() && labels.size() == 5; ++i) {
                   if (five.phases[i].id == turn.client.phase) probabilities[i] = 1;
                 }
               }
             }
             return probabilities;
           }});
  options_.mode = EvalMode::kTask;
  options_.methods = {kLabelsMethod};
  RunEval(model, data_, folder_, options_);
  RunManifest manifest;
  manifest.mode = EvalMode::kTask;
  manifest.methods = {kLabelsMethod};
  const FinishedRun run{manifest, data_.dialogues, ReadItems(folder_)};
  const OrderedJson report = BuildReport(run, *Shipped(), {.resamples = 200});
  bool phase = false;
  for (const OrderedJson& task : report["labels"]) {
    if (task["task"] != "phase") continue;
    phase = true;
    double best = 0;
    double trivial = 1;
    for (const OrderedJson& row : task["rows"]) {
      const double accuracy = row["accuracy"]["value"];
      if (row["method"] == "labels, one turn") best = accuracy;
      if (row["baseline"] == true) trivial = std::min(trivial, accuracy);
    }
    EXPECT_GT(best, 0.9);
    EXPECT_LT(trivial, best);
  }
  EXPECT_TRUE(phase);
}

TEST_F(RunnerTest, AFolderWithAnotherRunIsRefused) {
  RunManifest manifest;
  manifest.seed = 1;
  PrepareRunFolder(folder_ / "a", manifest, data_);
  manifest.methods = {"direct"};
  PrepareRunFolder(folder_ / "a", manifest, data_);  // methods may be added
  manifest.seed = 2;
  try {
    PrepareRunFolder(folder_ / "a", manifest, data_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("another seed"));
  }
  std::filesystem::create_directories(folder_ / "b");
  WriteFileAtomically(folder_ / "b" / "thesis.txt", "mine");
  EXPECT_THROW(PrepareRunFolder(folder_ / "b", manifest, data_), Error);
}

TEST_F(RunnerTest, ADamagedJournalIsToldWithItsLine) {
  WriteFileAtomically(folder_ / "items.jsonl", "{\"a\":1}\nnot json\n");
  try {
    const Journal journal(folder_ / "items.jsonl", [](const Json&) {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("line 2 is damaged"));
  }
}

TEST_F(RunnerTest, TwoRunsDoNotWriteOneJournal) {
  const Journal first(folder_ / "items.jsonl", [](const Json&) {});
  EXPECT_THROW(Journal(folder_ / "items.jsonl", [](const Json&) {}), Error);
}

TEST_F(RunnerTest, TheSameReportFromTheSameItems) {
  RunEval(SeedTeller(), data_, folder_, options_);
  RunManifest manifest;
  manifest.methods = options_.methods;
  const FinishedRun run{manifest, data_.dialogues, ReadItems(folder_)};
  const OrderedJson report = BuildReport(run, *Shipped(), {.resamples = 200});
  EXPECT_EQ(report, BuildReport(run, *Shipped(), {.resamples = 200}));
  // The trivial rows are there, and copying the client scores what it scores, not nothing.
  bool copied = false;
  for (const OrderedJson& metric : report["metrics"]) {
    if (metric["id"] != "chrf") continue;
    for (const OrderedJson& value : metric["values"]) {
      copied = copied || (value["method"] == "copy-last-turn" && value["mean"].get<double>() > 1);
    }
  }
  EXPECT_TRUE(copied);
  // Too few dialogues in one language for an interval: said, not made up.
  bool said = false;
  for (const OrderedJson& metric : report["metrics"]) {
    for (const OrderedJson& value : metric["values"]) {
      if (value["language"] == "en") said = said || value["why"] == "fewer than 6 dialogues";
    }
  }
  EXPECT_TRUE(said);
  const std::string csv = ReportCsv(report);
  EXPECT_THAT(csv, HasSubstr("mean,chrf,emostage,,all,all,"));
  for (const std::string_view line : SplitLines(csv)) EXPECT_FALSE(line.empty());
}

}  // namespace
}  // namespace emostage
