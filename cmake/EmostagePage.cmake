# emostage_page(SYMBOL OUT_VAR): the web page, built by Vite from web/, as a C++ source like
# emostage_embed's, written anew whenever a file of the page has changed.

function(emostage_page symbol out_var)
  find_program(EMOSTAGE_NPM npm REQUIRED)
  set(web "${PROJECT_SOURCE_DIR}/web")
  set(dist "${CMAKE_BINARY_DIR}/page")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cc")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${web}/src/*" "${web}/public/*")
  list(APPEND sources "${web}/index.html" "${web}/package.json" "${web}/tsconfig.json"
    "${web}/vite.config.ts")
  # The mark lies inside what it speaks of, so that all build folders share one installation.
  set(installed "${web}/node_modules/.emostage-installed")
  add_custom_command(
    OUTPUT "${installed}"
    # Not `npm ci`: the lock file names the platform's own parts of the bundler for one platform only.
    COMMAND "${EMOSTAGE_NPM}" install --no-save --ignore-scripts --no-audit --no-fund
      --loglevel=error
    COMMAND "${CMAKE_COMMAND}" -E touch "${installed}"
    DEPENDS "${web}/package-lock.json"
    WORKING_DIRECTORY "${web}"
    COMMENT "Getting what the page is built with"
    VERBATIM)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${EMOSTAGE_NPM}" run --silent build -- --outDir "${dist}" --emptyOutDir
      --logLevel warn
    COMMAND "${CMAKE_COMMAND}" -D "SYMBOL=${symbol}" -D "BASE=${dist}" -D "OUTPUT=${output}"
      -P "${EMOSTAGE_EMBED_SCRIPT}"
    DEPENDS ${sources} "${installed}" "${EMOSTAGE_EMBED_SCRIPT}"
    WORKING_DIRECTORY "${web}"
    COMMENT "Building the page"
    VERBATIM)
  set(${out_var} "${output}" PARENT_SCOPE)
endfunction()
