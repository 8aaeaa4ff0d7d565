# Writes what reports say about the build: compilers and flags.
function(stele_build_info output)
  set(type "${CMAKE_BUILD_TYPE}")
  if(NOT type)
    set(type None)
  endif()
  string(TOUPPER "${type}" upper)
  string(STRIP "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${upper}}" cxx_flags)
  if(STELE_SANITIZE)
    string(APPEND cxx_flags " -fsanitize=${STELE_SANITIZE}")
  endif()
  set(cuda_compiler "none (${STELE_CUDA_WHY_NOT})")
  set(cuda_flags "")
  if(STELE_HAS_CUDA)
    set(cuda_compiler "${CMAKE_CUDA_COMPILER_ID} ${CMAKE_CUDA_COMPILER_VERSION}")
    string(STRIP "${CMAKE_CUDA_FLAGS} ${CMAKE_CUDA_FLAGS_${upper}} -arch ${CMAKE_CUDA_ARCHITECTURES}" cuda_flags)
  endif()
  file(CONFIGURE OUTPUT ${output} CONTENT
"// Made by cmake/BuildInfo.cmake.
#pragma once
namespace stele::build {
inline constexpr char version[] = \"${PROJECT_VERSION}\";
inline constexpr char type[] = \"${type}\";
inline constexpr char host_compiler[] = \"${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}\";
inline constexpr char cxx_flags[] = R\"(${cxx_flags})\";
inline constexpr char cuda_compiler[] = R\"(${cuda_compiler})\";
inline constexpr char cuda_flags[] = R\"(${cuda_flags})\";
}  // namespace stele::build
" @ONLY)
endfunction()
