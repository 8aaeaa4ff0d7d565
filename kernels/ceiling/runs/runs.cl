// ceiling / runs — OpenCL C
//
// What copy and triad do, for CPUs: each thread takes one run of pieces that follow each other, as a core's prefetcher
// wants them, and stores 64 bytes at once.
#define AT_ONCE 4

// -- place
// The pieces of this thread: all but the last of as many.
long2 run_of(long pieces) {
    const long threads = get_global_size(0), thread = get_global_id(0), each = (pieces + threads - 1) / threads;
    return (long2)(min(thread * each, pieces), min((thread + 1) * each, pieces));
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void ceiling_runs_copy(global const uint4* restrict from,
                                                                             global uint4* restrict to, long pieces) {
    const long2 run = run_of(pieces);
    long i = run.x;

    // -- load, store
    for (; i + AT_ONCE <= run.y; i += AT_ONCE)
        vstore16(vload16(0, (global const uint*)(from + i)), 0, (global uint*)(to + i));
    for (; i < run.y; ++i) to[i] = from[i];
}

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void ceiling_runs_triad(global const float4* restrict b,
                                                                              global const float4* restrict c,
                                                                              global float4* restrict to, long pieces) {
    const long2 run = run_of(pieces);
    long i = run.x;

    // -- load, store
    for (; i + AT_ONCE <= run.y; i += AT_ONCE)
        vstore16(vload16(0, (global const float*)(b + i)) + 3.0f * vload16(0, (global const float*)(c + i)), 0,
                 (global float*)(to + i));
    for (; i < run.y; ++i) to[i] = b[i] + 3.0f * c[i];
}
