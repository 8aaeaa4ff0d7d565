# The bundle: programs with all that a system of glibc alone lacks, to be carried to machines where nothing is installed.
#   cmake --install build/release --component bundle --strip --prefix FOLDER
#   cpack -G TXZ --config build/release/CPackConfig.cmake
# bin/ finds lib/ by its own place. libstdc++ and libgcc_s stand in lib/gcc, which is looked in after the system's folders:
# a system's own may be newer, and what else it has may need that.

set(bundle_system_folders /lib/${CMAKE_LIBRARY_ARCHITECTURE} /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} /lib64 /usr/lib64 /usr/lib)
set(bundle_programs stele)
set(bundle_modules stele_simt)
if(STELE_TESTS AND NOT STELE_SANITIZE)
  list(APPEND bundle_modules stele_simt_checked)
endif()
if(STELE_HAS_CUDA)
  list(APPEND bundle_modules stele_cuda_kernels stele_cuda_spinning)
  if(STELE_TESTS)
    list(APPEND bundle_programs gpu_tests)
    list(APPEND bundle_modules stele_simt_ptx)
  endif()
endif()

add_custom_target(stele_bundle DEPENDS ${bundle_programs} ${bundle_modules})

list(JOIN bundle_system_folders ":" folders)
set_target_properties(${bundle_programs} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib:${folders}:$ORIGIN/../lib/gcc")
set_target_properties(${bundle_modules} PROPERTIES INSTALL_RPATH "$ORIGIN:${folders}:$ORIGIN/gcc")
install(TARGETS ${bundle_programs} ${bundle_modules} RUNTIME_DEPENDENCY_SET bundle
  RUNTIME DESTINATION bin COMPONENT bundle LIBRARY DESTINATION lib COMPONENT bundle)
if(STELE_HAS_CUDA)
  # The kernels that spin once more, with bounded waits, for LD_LIBRARY_PATH.
  set_target_properties(stele_cuda_spinning_bounded PROPERTIES INSTALL_RPATH "$ORIGIN/..:${folders}:$ORIGIN/../gcc")
  add_dependencies(stele_bundle stele_cuda_spinning_bounded)
  install(TARGETS stele_cuda_spinning_bounded OPTIONAL LIBRARY DESTINATION lib/bounded COMPONENT bundle)
endif()
# Machine code of tiles, where their compiler is there.
if(TARGET stele_tiles)
  add_dependencies(stele_bundle stele_tiles)
endif()
install(DIRECTORY ${PROJECT_BINARY_DIR}/tiles DESTINATION lib OPTIONAL COMPONENT bundle FILES_MATCHING PATTERN "*.cubin")
install(RUNTIME_DEPENDENCY_SET bundle DESTINATION lib COMPONENT bundle
  # What is glibc's, what stands in lib/gcc, and what is installed above.
  PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|mvec|resolv)\\.so" "^lib(stdc\\+\\+|gcc_s)\\.so" "^libstele_")
foreach(name libstdc++.so.6 libgcc_s.so.1)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=${name} OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE)
  file(REAL_PATH ${found} found)
  install(FILES ${found} RENAME ${name} DESTINATION lib/gcc COMPONENT bundle)
endforeach()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/results/tuning DESTINATION results COMPONENT bundle)
install(FILES ${PROJECT_SOURCE_DIR}/results/schema.json DESTINATION results COMPONENT bundle)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/docs/gpu.md DESTINATION . COMPONENT bundle)
install(PROGRAMS ${CMAKE_CURRENT_LIST_DIR}/first_contact DESTINATION . COMPONENT bundle)
# Those of the libraries in lib/, found by their files, and of what is compiled in.
install(CODE "set(STELE_CUDART \"${STELE_CUDART}\")" COMPONENT bundle)
install(SCRIPT ${PROJECT_SOURCE_DIR}/cmake/InstallLicences.cmake COMPONENT bundle)

set(CPACK_GENERATOR TXZ)
set(CPACK_PACKAGE_FILE_NAME stele-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/package)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};stele;bundle;/")
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
include(CPack)
