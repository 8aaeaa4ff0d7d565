// Reductions of a tile are in the one header.
#pragma once

#include <cooperative_groups.h>
