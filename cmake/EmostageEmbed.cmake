# emostage_embed(SYMBOL OUT_VAR BASE folder FILES file…)
#
# Builds text files into a program. At build time, whenever one of FILES has changed, writes a C++
# source that defines
#   std::span<const EmbeddedEntry> emostage::SYMBOL();
# with the bytes of FILES (absolute paths below BASE), sorted by their path relative to BASE, and
# sets OUT_VAR to that source, to be added to a target. EmbeddedEntry is declared in
# knowledge/embedded.h. Files with NUL bytes are refused.

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  # Run by the build: cmake -D SYMBOL=… -D BASE=… -D MANIFEST=… -D OUTPUT=… -P EmostageEmbed.cmake
  # Without a MANIFEST: every file below BASE.
  if(DEFINED MANIFEST)
    file(STRINGS "${MANIFEST}" paths ENCODING UTF-8)
  else()
    file(GLOB_RECURSE paths RELATIVE "${BASE}" "${BASE}/*")
    list(SORT paths)
  endif()
  set(delimiter "emostage")
  set(source "// Written by EmostageEmbed.cmake from ${SYMBOL}'s files. Do not edit.\n")
  string(APPEND source "#include <span>\n#include <string_view>\n\n"
    "#include \"knowledge/embedded.h\"\n\nnamespace emostage {\nnamespace {\n\n"
    "using std::string_view_literals::operator\"\"sv;\n\n"
    "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
    "constexpr EmbeddedEntry kFiles[] = {\n")
  foreach(path IN LISTS paths)
    file(READ "${BASE}/${path}" text)
    file(SIZE "${BASE}/${path}" size)
    string(LENGTH "${text}" length)
    string(FIND "${text}" ")${delimiter}\"" clash)
    if(NOT length EQUAL size OR NOT clash EQUAL -1)
      message(FATAL_ERROR "${BASE}/${path} cannot be embedded: it is not plain text")
    endif()
    string(APPEND source "    {\"${path}\"sv, R\"${delimiter}(${text})${delimiter}\"sv},\n")
  endforeach()
  string(APPEND source "};\n\n}  // namespace\n\n"
    "std::span<const EmbeddedEntry> ${SYMBOL}();\n"
    "std::span<const EmbeddedEntry> ${SYMBOL}() { return kFiles; }\n\n}  // namespace emostage\n")
  file(WRITE "${OUTPUT}" "${source}")
  return()
endif()

set(EMOSTAGE_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(emostage_embed symbol out_var)
  cmake_parse_arguments(EMBED "" "BASE" "FILES" ${ARGN})
  set(paths "")
  foreach(file IN LISTS EMBED_FILES)
    file(RELATIVE_PATH path "${EMBED_BASE}" "${file}")
    list(APPEND paths "${path}")
  endforeach()
  list(SORT paths)
  set(manifest "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.manifest")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cc")
  list(JOIN paths "\n" lines)
  # Left alone if unchanged, so that configuring again does not compile again.
  file(CONFIGURE OUTPUT "${manifest}" CONTENT "${lines}\n" @ONLY)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -D "SYMBOL=${symbol}" -D "BASE=${EMBED_BASE}"
      -D "MANIFEST=${manifest}" -D "OUTPUT=${output}" -P "${EMOSTAGE_EMBED_SCRIPT}"
    DEPENDS ${EMBED_FILES} "${manifest}" "${EMOSTAGE_EMBED_SCRIPT}"
    COMMENT "Embedding ${symbol}"
    VERBATIM)
  set(${out_var} "${output}" PARENT_SCOPE)
endfunction()
