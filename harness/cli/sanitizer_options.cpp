// What the sanitizers are told in every program of their build.

// AddressSanitizer's interception of __tls_get_addr makes the search for leaks end by a signal once a library with
// threads of its own (OpenMP's) was loaded by dlopen.
extern "C" const char* __asan_default_options() { return "intercept_tls_get_addr=0"; }

// PoCL and its LLVM keep some memory until the process ends.
extern "C" const char* __lsan_default_suppressions() { return "leak:libpocl\nleak:libLLVM\n"; }
