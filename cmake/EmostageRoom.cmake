# emostage_room(NAME SOURCES … DEPENDS …): one static library for each room of src/.
# emostage_test(NAME SOURCES … DEPENDS …): one GoogleTest program, its cases registered with ctest.
# The target `test_programs` builds them all.

add_library(emostage_flags INTERFACE)
target_compile_options(emostage_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow
  -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual
  -Wno-missing-field-initializers)  # designated initialisers leave the rest at their defaults
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports std::string's own operator+ here, wrongly (GCC bug 105651).
  target_compile_options(emostage_flags INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # The standard library's own sorting, in GCC 12's headers.
  target_compile_options(emostage_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(EMOSTAGE_WERROR)
  target_compile_options(emostage_flags INTERFACE -Werror)
endif()
if(EMOSTAGE_SANITIZE)
  target_compile_options(emostage_flags INTERFACE -fsanitize=${EMOSTAGE_SANITIZE}
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(emostage_flags INTERFACE -fsanitize=${EMOSTAGE_SANITIZE})
endif()

# Read once a build instead of once a file: what nearly every file of a KIND (room, test) includes,
# and HEADERS besides. The first target of a kind precompiles for all of it.
function(emostage_precompile name kind)
  if(NOT EMOSTAGE_PRECOMPILE)
    return()
  elseif(name MATCHES "^emostage_(base|knowledge|safety|model_llama)$")
    # All data files are read by the first three in every test, and whole vocabularies weighed by the
    # last for every token: unoptimised, that takes longer than compiling.
    # What is optimised cannot share what was precompiled for the rest.
    target_compile_options(${name} PRIVATE -O1)
    return()
  endif()
  get_property(first GLOBAL PROPERTY EMOSTAGE_PRECOMPILED_${kind})
  if(first)
    target_precompile_headers(${name} REUSE_FROM ${first})
    return()
  endif()
  target_precompile_headers(${name} PRIVATE
    <algorithm> <functional> <map> <memory> <optional> <span> <string> <string_view> <utility>
    <vector> <nlohmann/json.hpp> ${ARGN})
  set_property(GLOBAL PROPERTY EMOSTAGE_PRECOMPILED_${kind} ${name})
endfunction()

function(emostage_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(emostage_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(emostage_${name} PUBLIC
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(emostage_${name} PUBLIC ${ROOM_DEPENDS} PRIVATE emostage_flags)
  emostage_precompile(emostage_${name} room)
  set_property(GLOBAL APPEND PROPERTY EMOSTAGE_ROOMS emostage_${name})
endfunction()

if(EMOSTAGE_TESTS)
  add_custom_target(test_programs)
endif()

function(emostage_test name)
  if(NOT EMOSTAGE_TESTS)
    return()
  endif()
  cmake_parse_arguments(TEST "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE ${TEST_DEPENDS} GTest::gmock GTest::gtest_main
    emostage_flags)
  target_compile_options(${name} PRIVATE -O0 -g1)  # the test's own code: half the time to compile
  target_compile_definitions(${name} PRIVATE
    EMOSTAGE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    EMOSTAGE_BUILD_DIR="${CMAKE_BINARY_DIR}")
  emostage_precompile(${name} test <gmock/gmock.h> <gtest/gtest.h>)
  add_dependencies(test_programs ${name})
  set(environment "ASAN_OPTIONS=detect_container_overflow=0")
  if(EMOSTAGE_TEST_BY_PROGRAM)
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 1800 ENVIRONMENT "${environment}")
  else()
    include(GoogleTest)
    gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES
      LABELS unit TIMEOUT 600 ENVIRONMENT "${environment}")
  endif()
endfunction()
