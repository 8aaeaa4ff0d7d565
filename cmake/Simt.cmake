# Modules for the device simt:0: kernels and the executor that runs them on the CPU, as one shared library.
#
# A module, not a part of the binary: the kernels' symbols are there already where CUDA was built, and __shared__
# variables are the module's thread-local storage. The checked module sees each access of a kernel, because the compiler
# calls the executor where it would call ThreadSanitizer's runtime, which is not linked.
include(CheckCXXSourceRuns)
find_package(Boost 1.74 REQUIRED COMPONENTS context)
find_package(Threads REQUIRED)

set(simt_folder ${PROJECT_SOURCE_DIR}/backends/simt)

if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  check_cxx_source_runs("int main() { return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\") ? 0 : 1; }"
    STELE_SIMT_HAS_AVX2)
endif()
# Kernels read arrays of half as whole vectors, as CUDA lets them; so may this compiler.
# Lines as DWARF 4: of version 5, addr2line 2.40 takes the including file for the included one, where that is its first.
set(STELE_SIMT_OPTIONS -O2 -g1 -gdwarf-4 -fno-strict-aliasing -fno-math-errno -ffp-contract=off -fvisibility=hidden -fvisibility-inlines-hidden
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/= -Wno-unknown-pragmas -Wno-psabi -Wno-unused-parameter
  -Wno-sign-compare -Wno-redundant-move)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  list(APPEND STELE_SIMT_OPTIONS -mtls-dialect=gnu2)
endif()
if(STELE_SIMT_HAS_AVX2)
  list(APPEND STELE_SIMT_OPTIONS -mavx2 -mfma -mf16c)
  set(STELE_SIMT_DEFINITIONS STELE_SIMT_AVX2=1)
endif()

# What everything in a module is compiled with.
function(stele_simt_target target)
  cmake_parse_arguments(PARSE_ARGV 1 module "CHECKED" "" "")
  target_link_libraries(${target} PRIVATE stele_options Boost::context fmt::fmt Threads::Threads)
  target_compile_definitions(${target} PRIVATE STELE_SIMT=1)
  if(module_CHECKED)
    target_compile_definitions(${target} PRIVATE STELE_SIMT_CHECKED=1)
  endif()
  target_compile_options(${target} PRIVATE ${STELE_SIMT_OPTIONS})
  target_include_directories(${target} BEFORE PRIVATE ${simt_folder}/cuda_headers)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# stele_simt_executor(<target> [CHECKED]): the objects of executor/ and ptx/, and of checks/ in the checked one.
function(stele_simt_executor target)
  cmake_parse_arguments(PARSE_ARGV 1 module "CHECKED" "" "")
  set(folders executor ptx)
  set(checked "")
  if(module_CHECKED)
    list(APPEND folders checks)
    set(checked CHECKED)
  endif()
  list(TRANSFORM folders REPLACE "(.+)" "${simt_folder}/\\1/*.cpp")
  file(GLOB sources CONFIGURE_DEPENDS ${folders})
  add_library(${target} OBJECT ${sources})
  stele_simt_target(${target} ${checked})
endfunction()

# stele_simt_module(<target> [CHECKED] KERNELS <file.cu>… ): a module of these kernels. `exports` is the generated C++
# file that defines native_exports() for them.
function(stele_simt_module target)
  cmake_parse_arguments(PARSE_ARGV 1 module "CHECKED" "EXPORTS" "KERNELS")
  set(generated ${PROJECT_BINARY_DIR}/generated/${target})
  file(CONFIGURE OUTPUT ${generated}/module.cpp CONTENT
"// Made by cmake/Simt.cmake: the one function that a module exports.
#include \"backends/simt/executor/block.hpp\"
#include \"backends/simt/executor/scheduler.hpp\"
#include \"kernels/native_table.hpp\"

extern \"C\" __attribute__((visibility(\"default\"))) const stele::simt::ModuleTable* stele_simt_module() {
    static const stele::simt::ModuleTable table{stele::simt::ModuleTable::current_version, stele::simt::checked,
                                                &stele::simt::run_launch, &stele::native_exports()};
    return &table;
}
" @ONLY)
  # The kernels are included by files of another name, so that no compiler takes them for CUDA here.
  set(wrappers "")
  foreach(kernel IN LISTS module_KERNELS)
    cmake_path(RELATIVE_PATH kernel BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE relative)
    string(MAKE_C_IDENTIFIER ${relative} name)
    set(wrapper ${generated}/${name}.cpp)
    file(CONFIGURE OUTPUT ${wrapper} CONTENT "#include <cuda_runtime.h>\n#include \"${relative}\"\n" @ONLY)
    list(APPEND wrappers ${wrapper})
  endforeach()
  # A kernel's names for types may be those of an enumerator on the host.
  set_source_files_properties(${wrappers} PROPERTIES COMPILE_OPTIONS -Wno-shadow)
  set(own_options "")
  set(executor stele_simt_executor)
  set(checked "")
  if(module_CHECKED)
    # A call at each access leaves -O2 little to gain; -O1 compiles in three quarters of its time.
    set(own_options -O1 -fsanitize=thread --param=tsan-instrument-func-entry-exit=0 -fsanitize=bounds,alignment)
    set(executor stele_simt_executor_checked)
    set(checked CHECKED)
  endif()
  # What lists the kernels is none, and its accesses are nobody's to see.
  set_source_files_properties(${generated}/module.cpp ${module_EXPORTS} PROPERTIES SKIP_PRECOMPILE_HEADERS ON
    COMPILE_OPTIONS "-fno-sanitize=thread,bounds,alignment")
  add_library(${target} MODULE ${wrappers} $<TARGET_OBJECTS:${executor}> ${generated}/module.cpp ${module_EXPORTS})
  stele_simt_target(${target} ${checked})
  target_compile_options(${target} PRIVATE ${own_options})
  target_link_options(${target} PRIVATE -Wl,-Bsymbolic)
  if(NOT STELE_SANITIZE)
    # A sanitizer's runtime is in the binary, so there the module may leave its symbols open.
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

# What each of a module's many kernels reads, compiled once.
function(stele_simt_headers target)
  target_precompile_headers(${target} PRIVATE <cuda_runtime.h> <string> <vector>
    "${PROJECT_SOURCE_DIR}/kernels/native_instance.hpp")
endfunction()

# The modules of the suite's own kernels: libstele_simt.so, and libstele_simt_checked.so, which a sanitizer's build
# leaves out since the two ways of watching accesses do not mix.
function(stele_simt_kernels)
  set(exports ${PROJECT_BINARY_DIR}/generated/simt_native_table.cpp)
  stele_native_table(${exports} ${ARGN})
  stele_simt_module(stele_simt EXPORTS ${exports} KERNELS ${ARGN})
  if(STELE_TESTS AND NOT STELE_SANITIZE)
    stele_simt_module(stele_simt_checked CHECKED EXPORTS ${exports} KERNELS ${ARGN})
    stele_simt_headers(stele_simt_checked)
  endif()
  stele_simt_headers(stele_simt)
endfunction()

# Modules of kernels that only tests have. EXPORTS files list what is in them.
function(stele_simt_test_modules)
  set(tests ${PROJECT_SOURCE_DIR}/tests)
  stele_simt_module(stele_simt_ptx EXPORTS ${tests}/support/ptx_exports.cpp
    KERNELS ${tests}/unit/simt/ptx_kernels.cu ${tests}/unit/simt/ptx_stores.cu ${tests}/negative/ptx_kernels.cu
            ${tests}/gpu/ptx_instructions.cu)
  set(kernels ${tests}/unit/simt/kernels.cu ${tests}/unit/simt/tile_kernels.cu ${tests}/negative/simt_kernels.cu)
  stele_simt_module(stele_simt_test EXPORTS ${tests}/support/simt_exports.cpp KERNELS ${kernels})
  if(NOT STELE_SANITIZE)
    stele_simt_module(stele_simt_test_checked CHECKED EXPORTS ${tests}/support/simt_exports.cpp KERNELS ${kernels})
  endif()
endfunction()
