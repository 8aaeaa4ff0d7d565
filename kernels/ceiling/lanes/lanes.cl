// ceiling / lanes — OpenCL C
//
// What fma does, for CPUs: C[block] = 16 · iterations · a bᵀ in f32, every product a fused multiply-add of sixteen
// lanes. A block owns 64 × 256 of C and is one thread, which goes over it in tiles of ROWS × 16: eight vector registers
// of 256 bits hold a tile of 4 rows, and of 512 bits one of 8: as many sums as two units of latency 4 keep busy.
#define DEPTH 16

kernel __attribute__((reqd_work_group_size(1, 1, 1))) void ceiling_lanes(global const float* restrict a,  // [64]
                                                                         global const float* restrict b,  // [256]
                                                                         global float* restrict C,  // [blocks,64,256]
                                                                         int iterations) {
    // -- place
    global float* c = C + (long)get_group_id(0) * 64 * 256;

    for (int row = 0; row < 64; row += ROWS)
        for (int col = 0; col < 256; col += 16) {
            // -- load
            float16 acc[ROWS], right = vload16(0, b + col);
            float left[ROWS];
#pragma unroll
            for (int i = 0; i < ROWS; ++i) {
                left[i] = a[row + i];
                acc[i] = 0.0f;
            }

        // -- multiply
#pragma unroll 1
            for (int step = 0; step < iterations * DEPTH; ++step)
#pragma unroll
                for (int i = 0; i < ROWS; ++i) acc[i] = fma((float16)(left[i]), right, acc[i]);

        // -- store
#pragma unroll
            for (int i = 0; i < ROWS; ++i) vstore16(acc[i], 0, c + (row + i) * 256 + col);
        }
}
