# Finds nvcc, or says that there is none. Sets STELE_HAS_CUDA and STELE_CUDA_WHY_NOT.
include(CheckLanguage)
set(STELE_HAS_CUDA OFF)
set(STELE_CUDA_WHY_NOT "built with -DSTELE_CUDA=OFF")
if(STELE_CUDA STREQUAL "OFF")
  return()
endif()

check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  set(STELE_CUDA_WHY_NOT "no nvcc was found when this binary was built")
  if(STELE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "STELE_CUDA=ON, but ${STELE_CUDA_WHY_NOT}; set CMAKE_CUDA_COMPILER or PATH")
  endif()
  message(STATUS "CUDA: left out, ${STELE_CUDA_WHY_NOT}")
  return()
endif()

set(CMAKE_CUDA_ARCHITECTURES ${STELE_CUDA_ARCHITECTURE})
enable_language(CUDA)
# CMake 3.25 takes nvcc 13 for a compiler whose default is C++20; it is C++17.
string(APPEND CMAKE_CUDA_FLAGS " -std=c++20")
set(STELE_HAS_CUDA ON)
set(STELE_CUDA_WHY_NOT "")
