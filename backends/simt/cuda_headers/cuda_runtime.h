// What nvcc gives every .cu file, for the CPU executor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>

#include "stele_simt_atomics.h"
#include "stele_simt_indices.h"
#include "stele_simt_math.h"
#include "stele_simt_sync.h"
#include "stele_simt_vectors.h"
// Last: these words must not reach the standard library's headers.
#include "stele_simt_language.h"
