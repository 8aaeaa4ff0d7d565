// common / probes — OpenCL C with NVIDIA's inline PTX
//
// Which of NVIDIA's instructions does an OpenCL compiler take, and does the device then carry them out? One kernel an
// instruction, chosen by -DPROBE_…, as a compiler that refuses one refuses the whole text. A block of one warp, or of
// four for wgmma. `words` holds each thread's number, and one more at the end if the instruction did what it should.

static inline uint shared_address(local const void* pointer) { return (uint)(ulong)pointer; }

#ifdef PROBE_MMA
// 16 × 8 sums of 16 products of ones.
kernel void probe(global uint* words) {
    const uint ones = 0x3c003c00;
    float d[4];
    __asm__ volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %4, %4, %4}, {%4, %4}, "
        "{%5, %5, %5, %5};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(ones), "f"(0.0f));
    words[get_local_id(0)] += (uint)(d[0] + d[3]) - 31;
}
#endif

#ifdef PROBE_LDMATRIX
// A matrix of 8 rows of 16 bytes comes to the lanes in the order in which it lies.
kernel void probe(global uint* words) {
    local uint matrix[32];
    const uint lane = get_local_id(0);
    matrix[lane] = words[lane] + 1;
    barrier(CLK_LOCAL_MEM_FENCE);
    uint value;
    __asm__ volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
                     : "=r"(value)
                     : "r"(shared_address(matrix + lane % 8 * 4))
                     : "memory");
    words[lane] = value;
}
#endif

#ifdef PROBE_CP_ASYNC
kernel void probe(global uint* words) {
    local uint copied[32];
    const uint lane = get_local_id(0);
    __asm__ volatile("cp.async.ca.shared.global [%0], [%1], 4; cp.async.wait_all;"
                     :
                     : "r"(shared_address(copied + lane)), "l"(words + lane)
                     : "memory");
    barrier(CLK_LOCAL_MEM_FENCE);
    words[lane] = copied[lane] + 1;
}
#endif

#ifdef PROBE_MBARRIER
// All arrive, and then the phase has ended for all.
kernel void probe(global uint* words) {
    local ulong full;
    const uint lane = get_local_id(0), at = shared_address(&full);
    if (lane == 0) __asm__ volatile("mbarrier.init.shared.b64 [%0], 32;" : : "r"(at) : "memory");
    barrier(CLK_LOCAL_MEM_FENCE);
    uint ended;
    __asm__ volatile(
        "{.reg .b64 state; .reg .pred p; mbarrier.arrive.shared.b64 state, [%1]; bar.sync 0; "
        "mbarrier.test_wait.shared.b64 p, [%1], state; selp.b32 %0, 1, 0, p;}"
        : "=r"(ended)
        : "r"(at)
        : "memory");
    words[lane] += ended;
}
#endif

#ifdef PROBE_BULK
// A bulk copy of 128 bytes; a tensor copy is compiled and not carried out, as OpenCL's host makes no tensor map.
kernel void probe(global uint* words) {
    local uint copied[32] __attribute__((aligned(128)));
    local ulong full;
    const uint lane = get_local_id(0), at = shared_address(&full), to = shared_address(copied);
    if (lane == 0)
        __asm__ volatile(
            "mbarrier.init.shared.b64 [%0], 1; fence.proxy.async; "
            "mbarrier.arrive.expect_tx.shared.b64 _, [%0], 128; "
            "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%1], [%2], 128, [%0];"
            :
            : "r"(at), "r"(to), "l"(words)
            : "memory");
    if (words[lane] > lane)
        __asm__ volatile(
            "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %3}], "
            "[%2];"
            :
            : "r"(to), "l"(words), "r"(at), "r"(0)
            : "memory");
    barrier(CLK_LOCAL_MEM_FENCE);
    uint ended = 0;
    // Bounded, so that a copy that never comes is a wrong number.
    for (int tries = 0; tries < 1000000 && !ended; ++tries)
        __asm__ volatile("{.reg .pred p; mbarrier.try_wait.parity.shared.b64 p, [%1], 0; selp.b32 %0, 1, 0, p;}"
                         : "=r"(ended)
                         : "r"(at)
                         : "memory");
    words[lane] = copied[lane] + ended;
}
#endif

#ifdef PROBE_WGMMA
// 64 × 8 sums of 16 products of zeros from shared memory, over what the registers held.
kernel void probe(global uint* words) {
    local uint zeros[1024] __attribute__((aligned(128)));
    const uint thread = get_local_id(0);
    for (uint i = thread; i < 1024; i += 128) zeros[i] = 0;
    __asm__ volatile("fence.proxy.async;" : : : "memory");
    barrier(CLK_LOCAL_MEM_FENCE);
    // Without a swizzle: 8 × 8 pieces, 128 bytes to the next along K, 256 to the next 8 rows.
    const ulong matrix = (shared_address(zeros) & 0x3ffff) >> 4 | 8ul << 16 | 16ul << 32;
    float d[4] = {7, 7, 7, 7};
    __asm__ volatile(
        "wgmma.fence.sync.aligned; "
        "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%0, %1, %2, %3}, %4, %4, 0, 1, 1, 0, 0; "
        "wgmma.commit_group.sync.aligned; wgmma.wait_group.sync.aligned 0;"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "l"(matrix)
        : "memory");
    words[thread] += (uint)(d[0] + d[3]) + 1;
}
#endif

#ifdef PROBE_NOTHING
kernel void probe(global uint* words) { words[get_local_id(0)] += 1; }
#endif
