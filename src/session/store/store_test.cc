#include "session/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "session/store/testing.h"

// What every store does; each case runs on each of them.
namespace emostage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Kind { kMemory, kSqlite };

void ExpectSame(const StoredSession& got, const StoredSession& want) {
  EXPECT_EQ(got.id, want.id);
  EXPECT_EQ(got.owner, want.owner);
  EXPECT_EQ(got.title, want.title);
  EXPECT_EQ(got.method, want.method);
  EXPECT_EQ(got.scheme, want.scheme);
  EXPECT_EQ(got.model, want.model);
  EXPECT_EQ(got.language, want.language);
  EXPECT_EQ(got.outside_id, want.outside_id);
  EXPECT_EQ(got.client, want.client);
  EXPECT_EQ(got.seed, want.seed);
  EXPECT_EQ(got.created_ms, want.created_ms);
  EXPECT_EQ(got.updated_ms, want.updated_ms);
}

void ExpectSame(const StoredMessage& got, const StoredMessage& want) {
  EXPECT_EQ(got.role, want.role);
  EXPECT_EQ(got.text, want.text);
  EXPECT_EQ(got.at_ms, want.at_ms);
  EXPECT_EQ(got.cancelled, want.cancelled);
  EXPECT_EQ(got.answer, want.answer);
  EXPECT_EQ(got.tip, want.tip);
}

// Texts that have broken a store somewhere at some time.
std::vector<std::string> AwkwardTexts() {
  std::string every_character;
  for (char32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 61) {
    if (c >= 0xD800 && c < 0xE000) continue;
    if (c < 0x80) {
      every_character += static_cast<char>(c);
    } else if (c < 0x800) {
      every_character += static_cast<char>(0xC0 | (c >> 6));
      every_character += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      every_character += static_cast<char>(0xE0 | (c >> 12));
      every_character += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      every_character += static_cast<char>(0x80 | (c & 0x3F));
    } else {
      every_character += static_cast<char>(0xF0 | (c >> 18));
      every_character += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
      every_character += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      every_character += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return {"'",
          "\"",
          "'; DROP TABLE sessions; --",
          "\"; DELETE FROM messages; --",
          "%_\\",
          "NULL",
          "?1 :a @b $c",
          "",
          " ",
          "\n\r\t",
          std::string("a\0b\0", 4),
          std::string(1, '\0'),
          "not \xFF UTF-8 \xC3",
          std::string(1 << 20, 'x'),
          every_character};
}

class StoreTest : public ::testing::TestWithParam<Kind> {
 protected:
  StoreTest()
      : store_(GetParam() == Kind::kMemory ? OpenMemoryStore()
                                           : OpenSqliteStore({folder_.At("talks.db")})) {}

  // Everything on one page.
  [[nodiscard]] std::vector<std::string> Listed(const std::string& words = "") {
    SessionQuery query;
    query.words = words;
    return IdsOf(store_->List(query).sessions);
  }

  TestFolder folder_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Stores, StoreTest, ::testing::Values(Kind::kMemory, Kind::kSqlite),
                         [](const auto& instance) {
                           return instance.param == Kind::kMemory ? "Memory" : "Sqlite";
                         });

TEST_P(StoreTest, WhatIsMadeIsFound) {
  StoredSession session = SessionOf("a");
  session.owner = "clinic";
  session.outside_id = "chat-17";
  session.client = "ann";
  session.seed = std::numeric_limits<uint64_t>::max();
  session.messages = 99;  // not to be believed
  StoredMessage stopped = CounsellorSays("Hm", "{\"reply\":\"Hm\"}", "tip2");
  stopped.cancelled = true;
  store_->Create(session, {ClientSays("Hello", "tip1"), stopped});

  const auto found = store_->Find("a");
  ASSERT_TRUE(found);
  ExpectSame(*found, session);
  EXPECT_EQ(found->messages, 2);
  const auto messages = store_->Messages("a");
  ASSERT_EQ(messages.size(), 2U);
  ExpectSame(messages[0], ClientSays("Hello", "tip1"));
  ExpectSame(messages[1], stopped);
  EXPECT_FALSE(store_->Find("b"));

  const auto words = store_->Words("a");
  ASSERT_EQ(words.size(), 2U);
  ExpectSame(words[0], messages[0]);
  StoredMessage without = stopped;
  without.answer.clear();
  ExpectSame(words[1], without);
}

TEST_P(StoreTest, AnIdIsTakenOnce) {
  store_->Create(SessionOf("a"), {ClientSays("first")});
  const auto error = ErrorOf([&] { store_->Create(SessionOf("a"), {ClientSays("second")}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kUsage);
  EXPECT_THAT(TextsOf(store_->Messages("a")), ElementsAre("first"));
}

TEST_P(StoreTest, ASessionThatIsNotThereIsTold) {
  for (const auto& action : std::vector<std::function<void()>>{
           [&] { (void)store_->Messages("gone"); }, [&] { (void)store_->Words("gone"); },
           [&] { store_->Write(SessionOf("gone"), 0, {ClientSays("x")}); },
           [&] { store_->Update(SessionOf("gone")); }}) {
    const auto error = ErrorOf(action);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::kUsage);
  }
  EXPECT_FALSE(store_->Delete("gone"));
  EXPECT_THAT(Listed(), IsEmpty());
}

TEST_P(StoreTest, WriteAddsReplacesAndCuts) {
  store_->Create(SessionOf("a", 1000), {});
  EXPECT_THAT(store_->Messages("a"), IsEmpty());
  StoredSession session = SessionOf("a", 2000);
  session.title = "renamed";
  store_->Write(session, 0, {ClientSays("1"), CounsellorSays("2")});
  store_->Write(session, 2, {ClientSays("3"), CounsellorSays("4")});
  EXPECT_THAT(TextsOf(store_->Messages("a")), ElementsAre("1", "2", "3", "4"));
  store_->Write(session, 3, {CounsellorSays("4 again")});
  EXPECT_THAT(TextsOf(store_->Messages("a")), ElementsAre("1", "2", "3", "4 again"));
  EXPECT_EQ(store_->Find("a")->messages, 4);
  store_->Write(session, 1, {});
  EXPECT_THAT(TextsOf(store_->Messages("a")), ElementsAre("1"));
  EXPECT_EQ(store_->Find("a")->messages, 1);
  ExpectSame(*store_->Find("a"), session);
}

TEST_P(StoreTest, WriteBeyondTheEndChangesNothing) {
  store_->Create(SessionOf("a"), {ClientSays("1")});
  StoredSession renamed = SessionOf("a");
  renamed.title = "renamed";
  for (const int from : {2, 100, -1}) {
    const auto error = ErrorOf([&] { store_->Write(renamed, from, {ClientSays("x")}); });
    ASSERT_TRUE(error) << from;
    EXPECT_EQ(error->code(), ErrorCode::kUsage);
  }
  EXPECT_THAT(TextsOf(store_->Messages("a")), ElementsAre("1"));
  EXPECT_EQ(store_->Find("a")->title, "title of a");
}

TEST_P(StoreTest, UpdateLeavesTheMessages) {
  store_->Create(SessionOf("a"), {ClientSays("1")});
  StoredSession session = SessionOf("a", 5000);
  session.title = "other";
  session.method = "direct";
  session.outside_id = "o";
  session.client = "c";
  session.messages = 0;
  store_->Update(session);
  ExpectSame(*store_->Find("a"), session);
  EXPECT_EQ(store_->Find("a")->messages, 1);
  EXPECT_THAT(TextsOf(store_->Messages("a")), ElementsAre("1"));
}

TEST_P(StoreTest, EveryFieldTakesAnyText) {
  const std::vector<std::string> texts = AwkwardTexts();
  store_->Create(SessionOf("bystander"), {ClientSays("still here")});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string& text = texts[i];
    StoredSession session = SessionOf("id" + std::to_string(i) + text);
    session.owner = session.title = session.method = session.scheme = text;
    session.model = session.language = session.outside_id = session.client = text;
    StoredMessage message = CounsellorSays(text, text, text);
    store_->Create(session, {message});
    const auto found = store_->Find(session.id);
    ASSERT_TRUE(found) << i;
    ExpectSame(*found, session);
    ExpectSame(store_->Messages(session.id).at(0), message);
    if (!text.empty()) {
      EXPECT_EQ(store_->FindOutside(text, text)->id, session.id) << i;
      EXPECT_EQ(store_->FindByTip(text, text)->id, session.id) << i;
      EXPECT_THAT(IdsOf(store_->SessionsOf(text, text, 9)), ElementsAre(session.id)) << i;
    }
    store_->AddKey({text, text, text, 1});
  }
  EXPECT_EQ(store_->Keys().size(), texts.size());
  for (const std::string& text : texts) EXPECT_TRUE(store_->RemoveKey(text));
  EXPECT_THAT(TextsOf(store_->Messages("bystander")), ElementsAre("still here"));
  EXPECT_EQ(Listed().size(), texts.size() + 1);
}

TEST_P(StoreTest, OutsideIdsAreFoundByTheirOwnerOnly) {
  StoredSession session = SessionOf("old", 1000);
  session.owner = "clinic";
  session.outside_id = "chat";
  store_->Create(session, {});
  session.id = "new";
  session.created_ms = 2000;
  store_->Create(session, {});
  session.id = "other";
  session.owner = "school";
  session.created_ms = 3000;
  store_->Create(session, {});
  EXPECT_EQ(store_->FindOutside("clinic", "chat")->id, "new");
  EXPECT_EQ(store_->FindOutside("school", "chat")->id, "other");
  EXPECT_FALSE(store_->FindOutside("clinic", "Chat"));
  EXPECT_FALSE(store_->FindOutside("", "chat"));
  store_->Create(SessionOf("none"), {});
  EXPECT_FALSE(store_->FindOutside("", ""));
  session = *store_->FindOutside("clinic", "chat");
  session.outside_id = "";
  store_->Update(session);
  EXPECT_EQ(store_->FindOutside("clinic", "chat")->id, "old");
}

TEST_P(StoreTest, AClientsSessionsAreThoseOfOneOwnerNewestFirst) {
  const auto make = [&](const std::string& id, const std::string& owner, const std::string& client,
                        int64_t updated_ms) {
    StoredSession session = SessionOf(id, updated_ms);
    session.owner = owner;
    session.client = client;
    store_->Create(session, {ClientSays("words of " + id)});
  };
  make("a1", "clinic", "ann", 1000);
  make("a2", "clinic", "ann", 3000);
  make("b1", "clinic", "bob", 4000);
  make("s1", "school", "ann", 5000);
  make("n1", "clinic", "", 6000);
  make("k1", "", "ann", 7000);
  make("a3", "clinic", "ann", 2000);
  EXPECT_THAT(IdsOf(store_->SessionsOf("clinic", "ann", 9)), ElementsAre("a2", "a3", "a1"));
  EXPECT_THAT(IdsOf(store_->SessionsOf("clinic", "ann", 2)), ElementsAre("a2", "a3"));
  EXPECT_THAT(store_->SessionsOf("clinic", "ann", 0), IsEmpty());
  EXPECT_THAT(store_->SessionsOf("clinic", "ann", -1), IsEmpty());
  EXPECT_THAT(IdsOf(store_->SessionsOf("school", "ann", 9)), ElementsAre("s1"));
  EXPECT_THAT(IdsOf(store_->SessionsOf("", "ann", 9)), ElementsAre("k1"));
  EXPECT_THAT(store_->SessionsOf("clinic", "", 9), IsEmpty()) << "nobody in particular";
  EXPECT_THAT(store_->SessionsOf("clinic", "Ann", 9), IsEmpty());
  EXPECT_THAT(store_->SessionsOf("clinic", "an", 9), IsEmpty());
  EXPECT_EQ(store_->SessionsOf("clinic", "ann", 9)[0].messages, 1);
  store_->Delete("a2");
  EXPECT_EQ(store_->DeleteOlderThan(1500), 1);
  EXPECT_THAT(IdsOf(store_->SessionsOf("clinic", "ann", 9)), ElementsAre("a3"));
}

TEST_P(StoreTest, OnlyTheNewestMessagesTipFindsASession) {
  store_->Create(SessionOf("a"), {ClientSays("1", "t1"), CounsellorSays("2", "{}", "t2")});
  EXPECT_EQ(store_->FindByTip("", "t2")->id, "a");
  EXPECT_FALSE(store_->FindByTip("", "t1"));
  EXPECT_FALSE(store_->FindByTip("someone", "t2"));
  EXPECT_FALSE(store_->FindByTip("", ""));
  store_->Write(SessionOf("a"), 2, {ClientSays("3", "t3")});
  EXPECT_FALSE(store_->FindByTip("", "t2"));
  EXPECT_EQ(store_->FindByTip("", "t3")->id, "a");
  store_->Write(SessionOf("a"), 1, {});  // back to the first
  EXPECT_EQ(store_->FindByTip("", "t1")->id, "a");
  EXPECT_FALSE(store_->FindByTip("", "t3"));
  store_->Create(SessionOf("b", 9000), {ClientSays("1", "t1")});
  EXPECT_EQ(store_->FindByTip("", "t1")->id, "b");
}

TEST_P(StoreTest, PagesListEverySessionOnceNewestFirst) {
  std::vector<std::string> want;
  for (int i = 0; i < 25; ++i) {
    // Several of the same time.
    StoredSession session = SessionOf("s" + std::to_string(100 + i), 1000 + i / 4);
    session.owner = i % 2 == 0 ? "even" : "odd";
    store_->Create(session, {});
    if (i % 2 == 0) want.push_back(session.id);
  }
  std::reverse(want.begin(), want.end());
  SessionQuery query;
  query.owner = "even";
  query.limit = 3;
  std::vector<std::string> got;
  int pages = 0;
  do {
    const SessionPage page = store_->List(query);
    EXPECT_LE(page.sessions.size(), 3U);
    for (const std::string& id : IdsOf(page.sessions)) got.push_back(id);
    query.before = page.next;
    ++pages;
  } while (!query.before.empty());
  EXPECT_EQ(got, want);
  EXPECT_EQ(pages, 5);
  query.owner = std::nullopt;
  query.limit = 25;
  EXPECT_EQ(store_->List(query).sessions.size(), 25U);
  EXPECT_EQ(store_->List(query).next, "");
}

TEST_P(StoreTest, ThePlaceOfAPageLastsThoughItsSessionsAreGone) {
  for (int i = 0; i < 6; ++i) store_->Create(SessionOf("s" + std::to_string(i), 1000 + i), {});
  SessionQuery query;
  query.limit = 2;
  const SessionPage first = store_->List(query);
  EXPECT_THAT(IdsOf(first.sessions), ElementsAre("s5", "s4"));
  store_->Delete("s4");
  store_->Create(SessionOf("new", 9000), {});
  query.before = first.next;
  EXPECT_THAT(IdsOf(store_->List(query).sessions), ElementsAre("s3", "s2"));
}

TEST_P(StoreTest, APlaceNoPageHadIsRefused) {
  SessionQuery query;
  for (const char* before : {"x", "12", "'; --", "99999999999999999999999.a"}) {
    query.before = before;
    const auto error = ErrorOf([&] { (void)store_->List(query); });
    ASSERT_TRUE(error) << before;
    EXPECT_EQ(error->code(), ErrorCode::kUsage);
    EXPECT_THAT(error->what(), HasSubstr("next"));
  }
}

TEST_P(StoreTest, OddLimitsStillGiveAPage) {
  store_->Create(SessionOf("a", 1), {});
  store_->Create(SessionOf("b", 2), {});
  SessionQuery query;
  for (const int limit : {0, -5, 1}) {
    query.limit = limit;
    EXPECT_THAT(IdsOf(store_->List(query).sessions), ElementsAre("b"));
  }
  query.limit = std::numeric_limits<int>::max();
  EXPECT_EQ(store_->List(query).sessions.size(), 2U);
}

TEST_P(StoreTest, WordsAreFoundInAnyCaseInTitlesAndMessages) {
  StoredSession exam = SessionOf("exam", 3);
  exam.title = "Die Prüfung";
  store_->Create(exam, {ClientSays("I FAILED my Driving test"), CounsellorSays("Straße")});
  store_->Create(SessionOf("zh", 2), {ClientSays("我很难过。考试没有通过")});
  store_->Create(SessionOf("ja", 1), {ClientSays("試験に落ちました。ｶﾅｼｲ")});
  EXPECT_THAT(Listed("failed"), ElementsAre("exam"));
  EXPECT_THAT(Listed("DRIVING prüfung"), ElementsAre("exam"));  // here a message, there the title
  EXPECT_THAT(Listed("PRÜFUNG"), ElementsAre("exam"));
  EXPECT_THAT(Listed("STRASSE"), ElementsAre("exam"));
  EXPECT_THAT(Listed("难过"), ElementsAre("zh"));
  EXPECT_THAT(Listed("カナシイ"), ElementsAre("ja"));
  EXPECT_THAT(Listed("title"), ElementsAre("zh", "ja"));
  EXPECT_THAT(Listed("failed nothing"), IsEmpty());
  EXPECT_THAT(Listed(" \t　 "), ElementsAre("exam", "zh", "ja"));
  EXPECT_THAT(Listed("%"), IsEmpty());
}

TEST_P(StoreTest, ASearchIsPagedToo) {
  std::vector<std::string> want;
  for (int i = 0; i < 100; ++i) {
    const std::string id = "s" + std::to_string(100 + i);
    store_->Create(SessionOf(id, i), {ClientSays(i % 3 == 0 ? "needle" : "hay")});
    if (i % 3 == 0) want.push_back(id);
  }
  std::reverse(want.begin(), want.end());
  SessionQuery query;
  query.words = "NEEDLE";
  query.limit = 5;
  std::vector<std::string> got;
  do {
    const SessionPage page = store_->List(query);
    for (const std::string& id : IdsOf(page.sessions)) got.push_back(id);
    query.before = page.next;
  } while (!query.before.empty());
  EXPECT_EQ(got, want);
}

TEST_P(StoreTest, WhatIsDeletedIsGone) {
  StoredSession session = SessionOf("a");
  session.outside_id = "o";
  store_->Create(session, {ClientSays("secret", "t")});
  store_->Create(SessionOf("b"), {ClientSays("other")});
  EXPECT_TRUE(store_->Delete("a"));
  EXPECT_FALSE(store_->Delete("a"));
  EXPECT_FALSE(store_->Find("a"));
  EXPECT_FALSE(store_->FindOutside("", "o"));
  EXPECT_FALSE(store_->FindByTip("", "t"));
  EXPECT_THAT(Listed("secret"), IsEmpty());
  EXPECT_THAT(Listed(), ElementsAre("b"));
  store_->Create(session, {});  // the id is free again, and brings nothing back
  EXPECT_THAT(store_->Messages("a"), IsEmpty());
}

TEST_P(StoreTest, WhatIsOlderIsDeletedAtOnce) {
  for (int i = 0; i < 10; ++i) {
    store_->Create(SessionOf("s" + std::to_string(i), 1000 + i), {ClientSays("x")});
  }
  EXPECT_EQ(store_->DeleteOlderThan(1000), 0);
  EXPECT_EQ(store_->DeleteOlderThan(1007), 7);
  EXPECT_THAT(Listed(), ElementsAre("s9", "s8", "s7"));
  EXPECT_EQ(store_->DeleteOlderThan(std::numeric_limits<int64_t>::max()), 3);
  EXPECT_EQ(store_->DeleteOlderThan(std::numeric_limits<int64_t>::max()), 0);
}

TEST_P(StoreTest, KeysAreKeptByName) {
  store_->AddKey({"zoe", "admin", "hash1", 1});
  store_->AddKey({"app", "talk", "hash2", 2});
  const auto error = ErrorOf([&] { store_->AddKey({"zoe", "talk", "hash3", 3}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ErrorCode::kUsage);
  EXPECT_THAT(error->what(), HasSubstr("'zoe'"));
  const auto keys = store_->Keys();
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].name, "app");
  EXPECT_EQ(keys[1].name, "zoe");
  EXPECT_EQ(keys[1].role, "admin");
  EXPECT_EQ(keys[1].hash, "hash1");
  EXPECT_EQ(keys[1].created_ms, 1);
  EXPECT_TRUE(store_->RemoveKey("zoe"));
  EXPECT_FALSE(store_->RemoveKey("zoe"));
  EXPECT_EQ(store_->Keys().size(), 1U);
}

TEST_P(StoreTest, AStoreInOrderPassesItsCheck) {
  EXPECT_NO_THROW(store_->Check());
  store_->Create(SessionOf("a"), {});
  EXPECT_NO_THROW(store_->Check());
}

TEST_P(StoreTest, ThreadsDoNotDisturbEachOther) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 20;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      const std::string id = "talk" + std::to_string(t);
      store_->Create(SessionOf(id), {});
      for (int i = 0; i < kTurns; ++i) {
        const std::string text = id + " " + std::to_string(i);
        store_->Write(SessionOf(id, i), 2 * i, {ClientSays(text), CounsellorSays(text)});
        EXPECT_EQ(store_->Messages(id).size(), 2U * static_cast<std::size_t>(i + 1));
        EXPECT_EQ(store_->Find(id)->messages, 2 * (i + 1));
        (void)Listed(id);
        if (i % 7 == 0) {
          store_->Create(SessionOf(id + "x"), {ClientSays("short-lived")});
          EXPECT_TRUE(store_->Delete(id + "x"));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Listed().size(), static_cast<std::size_t>(kThreads));
  for (int t = 0; t < kThreads; ++t) {
    EXPECT_EQ(store_->Messages("talk" + std::to_string(t)).back().text,
              "talk" + std::to_string(t) + " 19");
  }
}

TEST(NewSessionIdTest, IdsAreLettersAndDigitsAndNeverTheSame) {
  std::set<std::string> ids;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = NewSessionId();
    EXPECT_EQ(id.size(), 26U);
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567"), std::string::npos);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 10'000U);
}

}  // namespace
}  // namespace emostage
