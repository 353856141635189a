# Two commands do everything: `make demo` and `make test`. All of them may be run again at any time;
# what is done already is not done again. The work itself is CMake's (CMakeLists.txt) and
# tools/*.sh.
#
#   make demo     set up, build, answer a sample dialogue with its trace
#   make chat     a conversation in the terminal
#   make serve    a page and an API on http://127.0.0.1:8080
#   make test     set up, build, run every test
#   make build    build/emostage
#   make check    what CI runs besides: formatting, rooms, sanitizers
#   make tsan     ThreadSanitizer over the tests in which threads meet (minutes)
#   make tidy     clang-tidy over everything but the tests (minutes)
#   make fuzz     a minute of each fuzz target
#   make install  to $(PREFIX)

PREFIX ?= /usr/local
STARTER := smollm2-135m
CMAKE_FLAGS ?=
CTEST := ctest --output-on-failure --no-tests=error

.PHONY: demo chat serve build test check sanitize tsan lint tidy fuzz install clean setup model

demo: build model
	@./build/emostage respond --demo --explain --stream --seed 4

chat: build model
	@./build/emostage chat

serve: build model
	@./build/emostage serve

setup:
	@tools/setup.sh build

build: setup
	@[ -f build/build.ninja ] || cmake -S . -B build -G Ninja $(CMAKE_FLAGS) -DEMOSTAGE_TESTS=OFF
	@cmake --build build --target emostage

model: build
	@./build/emostage models pull $(STARTER) >/dev/null

test: model
	@tools/setup.sh test
	@env -u CC -u CXX tools/llama.sh --server >/dev/null
	@cmake -S . -B build -G Ninja $(CMAKE_FLAGS) -DEMOSTAGE_TESTS=ON
	@cmake --build build
	@cd build && EMOSTAGE_REQUIRE_MODEL=1 $(CTEST) -j1
	@tools/check_package.sh build

check: lint sanitize

# Our own code with AddressSanitizer and UndefinedBehaviorSanitizer; llama.cpp stays as it is. The
# program as a whole (cli.*, bench.*, web.*) and the starter model's half of the tests that a random
# model takes too (/starter) are left to `make test`: slow under sanitizers, no other code of ours.
# clang without optimisation, headers read once, and one start a test program: gcc's RelWithDebInfo
# and a start a test case took longer than all other checks together.
sanitize:
	@tools/setup.sh lint
	@env -u CC -u CXX tools/llama.sh --server >/dev/null
	@cmake -S . -B build-sanitize -G Ninja $(CMAKE_FLAGS) \
	  -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_BUILD_TYPE=Debug \
	  -DCMAKE_CXX_FLAGS_DEBUG="-O0 -g1 -D_GLIBCXX_ASSERTIONS" -DEMOSTAGE_PRECOMPILE=ON \
	  -DEMOSTAGE_TEST_BY_PROGRAM=ON -DEMOSTAGE_SANITIZE=address,undefined
	@CCACHE_SLOPPINESS=pch_defines,time_macros cmake --build build-sanitize --target test_programs
	@cd build-sanitize && EMOSTAGE_REQUIRE_MODEL=1 GTEST_FILTER='-*/starter' $(CTEST) -j1 -L unit

# The tests in which threads meet, with ThreadSanitizer. llama.cpp stays as it is and computes on one
# thread, so that all that is reported is ours. The real model's half of each test (/starter) is left
# out: it takes long, and the same threads meet in the random model's.
TSAN_TESTS := ^(Models/(Engine|Load|Places)Test|EngineLife|Isolation|OpenAi|Session|Methods|Leanings|EmoStage)
TSAN_PROGRAMS := model_llama_test model_openai_test method_test session_test isolation_test

tsan:
	@tools/setup.sh test
	@cmake -S . -B build-tsan -G Ninja $(CMAKE_FLAGS) -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	  -DEMOSTAGE_SANITIZE=thread
	@cmake --build build-tsan --target $(TSAN_PROGRAMS)
	@cd build-tsan && TSAN_OPTIONS=suppressions=$(CURDIR)/tools/tsan.supp \
	  $(CTEST) -j2 -R '$(TSAN_TESTS)' -E '/starter|NOT_BUILT'

lint:
	@tools/setup.sh lint
	@tools/lint.sh

tidy:
	@tools/setup.sh lint
	@tools/tidy.sh

fuzz:
	@tools/setup.sh lint
	@tools/fuzz.sh

install: build
	@cmake --build build
	@cmake --install build --prefix $(PREFIX)

clean:
	rm -rf build build-*
