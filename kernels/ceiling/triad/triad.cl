// ceiling / triad — OpenCL C; sibling: triad.cu
//
// to[i] = b[i] + 3 c[i] in f32, four at once, by all threads side by side.
kernel __attribute__((reqd_work_group_size(128, 1, 1))) void ceiling_triad(global const float4* restrict b,
                                                                           global const float4* restrict c,
                                                                           global float4* restrict to, long pieces) {
    // -- place
    const long threads = get_global_size(0);

    // -- load, store
#pragma unroll 4
    for (long i = get_global_id(0); i < pieces; i += threads) to[i] = b[i] + 3.0f * c[i];
}
