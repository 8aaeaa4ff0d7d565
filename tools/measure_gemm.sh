#!/usr/bin/env bash
# Measures on an NVIDIA GPU what kernels/gemm/README.md leaves open, what tells most first:
#
#   tools/measure_gemm.sh BUILD FOLDER [PART…]
#
# BUILD holds stele, gpu_tests, conformance_tests and libstele_simt.so; FOLDER gets a report and a log for each part.
# Parts, in this order without names: correctness squares models narrow f32 half tensor opencl. Each ends by itself, and
# one that fails does not keep the next from running. Nothing is timed before it has passed.
set -u
[ $# -ge 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
build=$(cd "$1" && pwd) || exit 2
mkdir -p "$2" && folder=$(cd "$2" && pwd) || exit 2
shift 2
[ $# -gt 0 ] || set -- correctness squares models narrow f32 half tensor opencl
stele=$build/stele
failed=0

# run SECONDS COMMAND…: the command's output into the part's log. At the limit it is interrupted, and keeps what it has.
run() {
    local seconds=$1
    shift
    echo "== $name: $*" >>"$folder/$name.log"
    timeout --signal=INT --kill-after=20 "$seconds" "$@" >>"$folder/$name.log" 2>&1
    local code=$?
    [ $code -eq 0 ] || { echo "$name: exit code $code of: $*"; failed=1; }
}

# bench SECONDS GLOB… -- PROBLEM…: one report of one interleaved run.
bench() {
    local seconds=$1 words=()
    shift
    while [ "$1" != -- ]; do words+=("$1"); shift; done
    shift
    for problem in "$@"; do words+=(--problem "$problem"); done
    run "$seconds" "$stele" bench "${words[@]}" --device cuda:0 --no-tuning --time 0.4 --out "$folder/$name.json"
}

square() { for size in 4096 8192; do echo "m=$size n=$size k=$size $1"; done; }

for name in "$@"; do
    started=$SECONDS
    case $name in
        correctness)
            run 120 "$build/gpu_tests" --gtest_brief=1
            run 180 "$build/conformance_tests" --backend=cuda --gtest_brief=1
            ;;
        squares)
            mapfile -t problems < <(square "bf16 b=nk"; square "f16 b=nk")
            bench 150 gemm/hopper gemm/tensor gemm/bulk gemm/vendor.cublaslt -- "${problems[@]}"
            ;;
        models)
            mapfile -t problems < <("$stele" list --suites | sed -n 's/^- `\(m=.* bf16 b=nk\)`, .*/\1/p')
            bench 240 gemm/hopper/auto.ptx gemm/vendor.cublaslt -- "${problems[@]}"
            ;;
        narrow)
            mapfile -t problems < <(square "e4m3 b=nk"; square "e4m3 b=nk scale=block"; square "s8 b=nk"; square "tf32 b=nk")
            bench 120 gemm/hopper gemm/tensor gemm/vendor.cublaslt -- "${problems[@]}"
            ;;
        f32)
            mapfile -t problems < <(square f32)
            bench 120 'gemm/tiled@*' gemm/vendor.cublaslt -- "${problems[@]}"
            ;;
        half)
            bench 60 'gemm/half@*' ceiling/half2 -- "m=8192 n=8192 k=8192 f16" "blocks=1056 iterations=2048 f16"
            ;;
        tensor)
            bench 90 'gemm/tensor@*' 'gemm/bulk@*' ceiling/mma ceiling/wmma -- \
                "m=8192 n=8192 k=8192 bf16 b=nk" "m=8192 n=8192 k=8192 bf16" "blocks=1056 iterations=8192 bf16"
            ;;
        opencl)
            # The driver's own OpenCL compiler, on the same GPU.
            run 120 "$build/conformance_tests" --backend=opencl --gtest_filter='gemm*' --gtest_brief=1
            run 90 "$stele" bench gemm/tiled gemm/half gemm/tensor gemm/vendor.clblast --device 'opencl:*' --device cuda:0 \
                --no-tuning --time 0.4 --problem "m=8192 n=8192 k=8192 f32" --problem "m=8192 n=8192 k=8192 f16" \
                --out "$folder/$name.json"
            ;;
        *)
            echo "no part is called '$name'"
            exit 2
            ;;
    esac
    echo "$name: $((SECONDS - started)) s"
done

reports=("$folder"/*.json)
[ -e "${reports[0]}" ] && "$stele" report "${reports[@]}" \
    --ratio gemm/hopper/auto.ptx:gemm/vendor.cublaslt \
    --ratio gemm/tiled.cuda:gemm/vendor.cublaslt --ratio gemm/tiled.ptx:gemm/vendor.cublaslt \
    --ratio gemm/tiled.opencl:gemm/tiled.cuda --ratio gemm/tensor.opencl_ptx@128x128x32x64x64x3:gemm/tensor.ptx@128x128x32x64x64x3 \
    --ratio gemm/half.opencl:gemm/half.cuda | tee "$folder/ratios.txt"
exit $failed
