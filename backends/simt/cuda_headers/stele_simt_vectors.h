// CUDA's vector types, with its alignments.
#pragma once

#include "stele_simt_indices.h"

namespace stele::simt {

template <typename T>
struct Vector1 {
    T x;
};
template <typename T>
struct alignas(2 * sizeof(T)) Vector2 {
    T x, y;
};
template <typename T>
struct Vector3 {
    T x, y, z;
};
template <typename T>
struct alignas(4 * sizeof(T) < 16 ? 4 * sizeof(T) : 16) Vector4 {
    T x, y, z, w;
};

}  // namespace stele::simt

using float1 = stele::simt::Vector1<float>;
using float2 = stele::simt::Vector2<float>;
using float3 = stele::simt::Vector3<float>;
using float4 = stele::simt::Vector4<float>;
using double2 = stele::simt::Vector2<double>;
using double4 = stele::simt::Vector4<double>;
using int2 = stele::simt::Vector2<int>;
using int3 = stele::simt::Vector3<int>;
using int4 = stele::simt::Vector4<int>;
using uint2 = stele::simt::Vector2<unsigned>;
using uint4 = stele::simt::Vector4<unsigned>;
using char2 = stele::simt::Vector2<signed char>;
using char4 = stele::simt::Vector4<signed char>;
using uchar2 = stele::simt::Vector2<unsigned char>;
using uchar4 = stele::simt::Vector4<unsigned char>;
using short2 = stele::simt::Vector2<short>;
using short4 = stele::simt::Vector4<short>;
using ushort2 = stele::simt::Vector2<unsigned short>;
using ushort4 = stele::simt::Vector4<unsigned short>;
using longlong2 = stele::simt::Vector2<long long>;
using ulonglong2 = stele::simt::Vector2<unsigned long long>;

constexpr float2 make_float2(float x, float y) { return {x, y}; }
constexpr float3 make_float3(float x, float y, float z) { return {x, y, z}; }
constexpr float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
constexpr double2 make_double2(double x, double y) { return {x, y}; }
constexpr int2 make_int2(int x, int y) { return {x, y}; }
constexpr int3 make_int3(int x, int y, int z) { return {x, y, z}; }
constexpr int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
constexpr uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
constexpr uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }
constexpr uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
constexpr char2 make_char2(signed char x, signed char y) { return {x, y}; }
constexpr char4 make_char4(signed char x, signed char y, signed char z, signed char w) { return {x, y, z, w}; }
constexpr uchar4 make_uchar4(unsigned char x, unsigned char y, unsigned char z, unsigned char w) {
    return {x, y, z, w};
}
constexpr short2 make_short2(short x, short y) { return {x, y}; }
constexpr short4 make_short4(short x, short y, short z, short w) { return {x, y, z, w}; }
constexpr ushort2 make_ushort2(unsigned short x, unsigned short y) { return {x, y}; }
constexpr ushort4 make_ushort4(unsigned short x, unsigned short y, unsigned short z, unsigned short w) {
    return {x, y, z, w};
}
constexpr longlong2 make_longlong2(long long x, long long y) { return {x, y}; }
constexpr ulonglong2 make_ulonglong2(unsigned long long x, unsigned long long y) { return {x, y}; }
