# One shared library with llama.cpp inside, the public headers, and find_package(emostage).

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(_rooms GLOBAL PROPERTY EMOSTAGE_ROOMS)
# What only the program needs stays out, and so do SQLite and libsodium.
list(REMOVE_ITEM _rooms emostage_cli emostage_model_scripted emostage_model_store emostage_store)
foreach(_room IN LISTS _rooms)
  list(APPEND _objects $<TARGET_OBJECTS:${_room}>)
endforeach()
add_library(emostage_shared SHARED ${_objects})
target_link_libraries(emostage_shared PRIVATE ${_rooms})
set_target_properties(emostage_shared PROPERTIES
  OUTPUT_NAME emostage EXPORT_NAME emostage
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
# llama.cpp's symbols stay inside, so that a program may use another version of it beside ours.
target_link_options(emostage_shared PRIVATE
  "LINKER:--exclude-libs,libllama.a:libllama-common.a:libllama-common-base.a:libcpp-httplib.a:libggml.a:libggml-base.a:libggml-cpu.a")
target_include_directories(emostage_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(emostage_shared INTERFACE cxx_std_20)

install(TARGETS emostage_shared EXPORT emostage LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS emostage RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/emostage DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT emostage NAMESPACE emostage:: FILE emostageTargets.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/emostage)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/emostageConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
file(WRITE ${CMAKE_BINARY_DIR}/emostageConfig.cmake
  "include(\"\${CMAKE_CURRENT_LIST_DIR}/emostageTargets.cmake\")\n")
install(FILES ${CMAKE_BINARY_DIR}/emostageConfig.cmake ${CMAKE_BINARY_DIR}/emostageConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/emostage)
