// ceiling / launch — OpenCL C; siblings: launch.cu, launch.ptx.cu
//
// done[index] = first[0] + index by one thread: the least whose launch is proven.
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void ceiling_launch(global const int* restrict first,
                                                                          global int* restrict done, int index) {
    // -- store
    done[index] = first[0] + index;
}
