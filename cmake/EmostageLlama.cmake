# llama.cpp, built once a machine by tools/llama.sh into the cache and imported here.
# -DEMOSTAGE_LLAMA_SOURCE=DIR builds from a source tree of your own (another version, a GPU back
# end: add -DEMOSTAGE_LLAMA_OPTIONS="-DGGML_CUDA=ON").

set(EMOSTAGE_LLAMA_SOURCE "" CACHE PATH "A llama.cpp source tree of your own")
set(EMOSTAGE_LLAMA_OPTIONS "" CACHE STRING "Further options for llama.cpp's own build")
set(_env)
if(EMOSTAGE_LLAMA_SOURCE)
  list(APPEND _env "EMOSTAGE_LLAMA_SOURCE=${EMOSTAGE_LLAMA_SOURCE}")
endif()
if(EMOSTAGE_LLAMA_OPTIONS)
  list(APPEND _env "EMOSTAGE_LLAMA_OPTIONS=${EMOSTAGE_LLAMA_OPTIONS}")
endif()
# Always with the system's default compiler: sanitizer and clang builds of ours share this one.
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env --unset=CC --unset=CXX ${_env}
    "${CMAKE_CURRENT_LIST_DIR}/../tools/llama.sh"
  OUTPUT_VARIABLE _llama RESULT_VARIABLE _result OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT _result EQUAL 0)
  message(FATAL_ERROR "llama.cpp could not be set up; see the lines above")
endif()
string(REPLACE "\n" ";" _llama "${_llama}")
list(GET _llama 0 LLAMA_SOURCE_DIR)
list(GET _llama 1 LLAMA_BUILD_DIR)

# For the tests of the remote engine, where `tools/llama.sh --server` has built it.
set(EMOSTAGE_LLAMA_SERVER "${LLAMA_BUILD_DIR}/bin/llama-server" CACHE FILEPATH
  "The llama-server that tests start")

find_package(Threads REQUIRED)
add_library(llama_cpp INTERFACE)
target_include_directories(llama_cpp SYSTEM INTERFACE
  ${LLAMA_SOURCE_DIR}/include ${LLAMA_SOURCE_DIR}/ggml/include)
file(GLOB_RECURSE _ggml ${LLAMA_BUILD_DIR}/ggml/libggml*.a)
# ggml's back ends register themselves with ggml.a and use ggml-base.a: one group settles the order.
target_link_libraries(llama_cpp INTERFACE -Wl,--start-group
  ${LLAMA_BUILD_DIR}/src/libllama.a ${_ggml} -Wl,--end-group Threads::Threads ${CMAKE_DL_LIBS})

# Chat templates (Jinja) and JSON schema to grammar; has no installed headers.
add_library(llama_common INTERFACE)
# Not its vendor/ folder: another nlohmann/json than ours would come with it.
target_include_directories(llama_common SYSTEM INTERFACE ${LLAMA_SOURCE_DIR}/common)
target_link_libraries(llama_common INTERFACE -Wl,--start-group
  ${LLAMA_BUILD_DIR}/common/libllama-common.a ${LLAMA_BUILD_DIR}/common/libllama-common-base.a
  ${LLAMA_BUILD_DIR}/vendor/cpp-httplib/libcpp-httplib.a -Wl,--end-group llama_cpp)
