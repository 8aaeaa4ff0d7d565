// ceiling / copy — OpenCL C; sibling: copy.cu
//
// to[i] = from[i] in pieces of 16 bytes, by all threads side by side.
kernel __attribute__((reqd_work_group_size(128, 1, 1))) void ceiling_copy(global const uint4* restrict from,
                                                                          global uint4* restrict to, long pieces) {
    // -- place
    const long threads = get_global_size(0);

    // -- load, store
#pragma unroll 4
    for (long i = get_global_id(0); i < pieces; i += threads) to[i] = from[i];
}
