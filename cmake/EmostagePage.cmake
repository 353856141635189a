# The web pages, built by Vite from web/, as C++ sources like emostage_embed's, written anew whenever
# a file of theirs has changed:
#   emostage_page(SYMBOL OUT_VAR)     the page of `emostage serve`
#   emostage_report(SYMBOL OUT_VAR)   report.html, the page of an evaluation, one file

find_program(EMOSTAGE_NPM npm REQUIRED)
# The mark lies inside what it speaks of, so that all build folders share one installation.
set(EMOSTAGE_WEB "${PROJECT_SOURCE_DIR}/web")
set(EMOSTAGE_WEB_INSTALLED "${EMOSTAGE_WEB}/node_modules/.emostage-installed")
add_custom_command(
  OUTPUT "${EMOSTAGE_WEB_INSTALLED}"
  # Not `npm ci`: the lock file names the platform's own parts of the bundler for one platform only.
  COMMAND "${EMOSTAGE_NPM}" install --no-save --ignore-scripts --no-audit --no-fund
    --loglevel=error
  COMMAND "${CMAKE_COMMAND}" -E touch "${EMOSTAGE_WEB_INSTALLED}"
  DEPENDS "${EMOSTAGE_WEB}/package-lock.json"
  WORKING_DIRECTORY "${EMOSTAGE_WEB}"
  COMMENT "Getting what the pages are built with"
  VERBATIM)
add_custom_target(emostage_web_installed DEPENDS "${EMOSTAGE_WEB_INSTALLED}")

# What both do: runs `script` of web/package.json whenever one of `sources` has changed.
function(_emostage_built symbol out_var script sources comment)
  set(dist "${CMAKE_CURRENT_BINARY_DIR}/${symbol}")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cc")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${EMOSTAGE_NPM}" run --silent ${script} -- --outDir "${dist}" --emptyOutDir
      --logLevel warn
    COMMAND "${CMAKE_COMMAND}" -D "SYMBOL=${symbol}" -D "BASE=${dist}" -D "OUTPUT=${output}"
      -P "${EMOSTAGE_EMBED_SCRIPT}"
    DEPENDS ${sources} emostage_web_installed "${EMOSTAGE_WEB_INSTALLED}"
      "${EMOSTAGE_EMBED_SCRIPT}"
    WORKING_DIRECTORY "${EMOSTAGE_WEB}"
    COMMENT "${comment}"
    VERBATIM)
  set(${out_var} "${output}" PARENT_SCOPE)
endfunction()

function(emostage_page symbol out_var)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${EMOSTAGE_WEB}/src/*" "${EMOSTAGE_WEB}/public/*")
  list(APPEND sources "${EMOSTAGE_WEB}/index.html" "${EMOSTAGE_WEB}/package.json"
    "${EMOSTAGE_WEB}/tsconfig.json" "${EMOSTAGE_WEB}/vite.config.ts")
  _emostage_built(${symbol} output build "${sources}" "Building the page")
  set(${out_var} "${output}" PARENT_SCOPE)
endfunction()

function(emostage_report symbol out_var)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${EMOSTAGE_WEB}/report/*")
  list(APPEND sources "${EMOSTAGE_WEB}/src/style/tokens.css" "${EMOSTAGE_WEB}/package.json"
    "${EMOSTAGE_WEB}/tsconfig.json" "${EMOSTAGE_WEB}/vite.report.config.ts")
  _emostage_built(${symbol} output build:report "${sources}" "Building the report's page")
  set(${out_var} "${output}" PARENT_SCOPE)
endfunction()
