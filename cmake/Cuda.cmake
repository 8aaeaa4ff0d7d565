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
# CMake 3.25 takes nvcc 13 for a compiler whose default is C++20, and so gives no option; its default is C++17.
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_COMPUTED_DEFAULT 17)
set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
set(STELE_HAS_CUDA ON)
# Nanoseconds after which a bounded wait gives up: beyond what several processes that share a GPU take from each other.
set(STELE_WAIT_LIMIT 2000000000)
set(STELE_CUDA_WHY_NOT "")

# One CUDA runtime a process, and so a shared one: programs, the library of kernels and tests with kernels of their own all
# register with it. NVIDIA's wheel has it by its versioned name alone.
set(CMAKE_CUDA_RUNTIME_LIBRARY None)
find_package(CUDAToolkit REQUIRED)
find_library(STELE_CUDART NAMES libcudart.so.${CUDAToolkit_VERSION_MAJOR} REQUIRED NO_DEFAULT_PATH
  PATHS ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_ROOT}/lib ${CUDAToolkit_LIBRARY_ROOT}/lib64)
add_library(stele_cudart SHARED IMPORTED GLOBAL)
set_target_properties(stele_cudart PROPERTIES IMPORTED_LOCATION ${STELE_CUDART}
  INTERFACE_INCLUDE_DIRECTORIES "${CUDAToolkit_INCLUDE_DIRS}")
