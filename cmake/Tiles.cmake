# Machine code of CUDA Tile C++. Its compiler is not the toolkit that builds the rest: it is in the wheels of
# tools/tile-wheels.txt, which `./dev tiles` fetches into .deps/tiles. The target stele_tiles makes
# tiles/<architecture>/<file>.cubin beside the binary, which the CUDA backend loads; nothing else needs it.

# stele_tile_target(<file.tile.cu>…): the target, where the compiler is there.
function(stele_tile_target)
  file(GLOB folders ${PROJECT_SOURCE_DIR}/.deps/tiles/lib/python3*/site-packages/nvidia/cu13/bin)
  find_program(STELE_TILE_NVCC nvcc PATHS ${folders} NO_DEFAULT_PATH DOC "The compiler of CUDA Tile C++")
  string(REGEX REPLACE "^([0-9]+).*" "sm_\\1" architecture ${STELE_CUDA_ARCHITECTURE})
  set(STELE_TILE_ARCHITECTURES ${architecture} CACHE STRING "The architectures that kernels of CUDA Tile C++ are built for")
  if(NOT STELE_TILE_NVCC)
    message(STATUS "CUDA Tile C++: no machine code, as its compiler is not in .deps/tiles; ./dev tiles fetches it")
    return()
  endif()
  set(script ${PROJECT_SOURCE_DIR}/cmake/TileCode.cmake)
  set(made "")
  foreach(architecture IN LISTS STELE_TILE_ARCHITECTURES)
    foreach(file IN LISTS ARGN)
      cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${PROJECT_SOURCE_DIR}/kernels OUTPUT_VARIABLE name)
      string(REGEX REPLACE "\\.tile\\.cu$" ".cubin" name ${name})
      set(output ${PROJECT_BINARY_DIR}/tiles/${architecture}/${name})
      add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -DNVCC=${STELE_TILE_NVCC} -DARCHITECTURE=${architecture} -DSOURCE=${file}
          -DROOT=${PROJECT_SOURCE_DIR} -DOUTPUT=${output} -DKEPT=${PROJECT_SOURCE_DIR}/.deps/tiles/kept -P ${script}
        DEPENDS ${file} ${script} DEPFILE ${output}.d
        COMMENT "Tiles of ${name} for ${architecture}" VERBATIM)
      list(APPEND made ${output})
    endforeach()
  endforeach()
  add_custom_target(stele_tiles DEPENDS ${made})
endfunction()
