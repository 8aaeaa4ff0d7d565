# Finds kernel files by their suffix and makes the two tables that kernels/source.cpp reads:
# embedded OpenCL text, and the functions by which .cu files export their instances.
# kernels/<operation>/<algorithm>/<algorithm>.cu exports stele::<operation>::cuda::<operation>_<algorithm>(),
# .ptx.cu the same in stele::<operation>::ptx, .tile.cu in stele::<operation>::cuda_tile.

function(stele_embed_opencl output)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/kernels
    ${PROJECT_SOURCE_DIR}/kernels/*.cl ${PROJECT_SOURCE_DIR}/kernels/*.clh)
  list(TRANSFORM files PREPEND ${PROJECT_SOURCE_DIR}/kernels/ OUTPUT_VARIABLE paths)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DROOT=${PROJECT_SOURCE_DIR}/kernels "-DFILES=${files}"
      -P ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
    DEPENDS ${paths} ${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake
    COMMENT "Embedding OpenCL C" VERBATIM)
endfunction()

# Writes a C++ file that lists the exporters of the given .cu files.
function(stele_native_table output)
  set(declarations "")
  set(rows "")
  foreach(file IN LISTS ARGN)
    cmake_path(GET file PARENT_PATH folder)
    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/kernels OUTPUT_VARIABLE algorithm)
    string(REPLACE "/" "_" symbol ${algorithm})
    string(REGEX REPLACE "/.*" "" operation ${algorithm})
    set(language cuda)
    if(file MATCHES "\\.ptx\\.cu$")
      set(language ptx)
    elseif(file MATCHES "\\.tile\\.cu$")
      set(language cuda_tile)
    endif()
    string(APPEND declarations "namespace ${operation}::${language} { std::vector<NativeInstance> ${symbol}(); }\n")
    string(APPEND rows "    {Language::${language}, \"${algorithm}\", &${operation}::${language}::${symbol}},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${output} CONTENT
"// Made by cmake/Kernels.cmake.
#include \"kernels/native_table.hpp\"

namespace stele {
${declarations}
const std::vector<NativeExport>& native_exports() {
    static const std::vector<NativeExport> table{
${rows}    };
    return table;
}
}  // namespace stele
" @ONLY)
endfunction()
