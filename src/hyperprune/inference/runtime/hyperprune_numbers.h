/* Functions of one number, and sixteen numbers at a time. */
#ifndef HYPERPRUNE_NUMBERS_H
#define HYPERPRUNE_NUMBERS_H

#include "hyperprune_rnn.h"

#include <string.h>

/* ---- Functions of one number -------------------------------------------------------------------------
 * Without branches or library calls, so that compilers vectorise the loops that use them. The polynomials
 * were fitted to least largest relative error: 3e-9 of exp on |r| <= ln(2) / 2, 4e-9 of tanh below 0.625. */

static inline uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float exponential(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    /* adding 1.5 * 2^23 rounds to a whole number, which then stands in the lowest bits */
    const float shifted = x * 1.44269504f + 12582912.0f;
    const float whole = shifted - 12582912.0f;
    const float r = (x - whole * 0.693359375f) + whole * 2.12194440e-4f; /* ln(2) in two parts */
    float p = 1.395048066e-3f;
    p = p * r + 8.368884303e-3f;
    p = p * r + 4.166620596e-2f;
    p = p * r + 1.666651888e-1f;
    p = p * r + 5.000000095e-1f;
    p = p * r * r + r + 1.0f;
    return p * float_of((bits_of(shifted) + 127u) << 23);
}

static inline float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

static inline float hyperbolic(float x) {
    const uint32_t sign = bits_of(x) & 0x80000000u;
    const float size = float_of(bits_of(x) & 0x7fffffffu);
    const float e = exponential(-2.0f * size);
    const float far = float_of(bits_of((1.0f - e) / (1.0f + e)) | sign);
    const float z = x * x;
    float p = -5.704946111e-3f;
    p = p * z + 2.063905207e-2f;
    p = p * z - 5.373970476e-2f;
    p = p * z + 1.333144208e-1f;
    p = p * z - 3.333328194e-1f;
    const float near = x + x * z * p;
    return size < 0.625f ? near : far;
}

/* ---- Sixteen numbers at a time ------------------------------------------------------------------------
 * What the kernels are written in. The portable form is loops over arrays, which compilers vectorise; the
 * others are there for 8-bit weights and blocks of 8x4, where they were measured to be 1.5 to 3 times as fast
 * (benchmarks/inference.py); 16x1 in float32 shares them and gains nothing. HP_PORTABLE leaves them out. */

#if defined(__AVX512F__) && !defined(HP_PORTABLE)

#include <immintrin.h>

typedef __m512 wide;

static inline wide zeros(void) { return _mm512_setzero_ps(); }
static inline wide load_f32(const float *v) { return _mm512_loadu_ps(v); }
static inline wide load_i8(const int8_t *v) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)v)));
}
static inline void add_times(wide *sums, wide w, float x) {
    *sums = _mm512_fmadd_ps(w, _mm512_set1_ps(x), *sums);
}
static inline void add_halves(wide *sums, wide w, float x, float y) {
    *sums = _mm512_fmadd_ps(w, _mm512_mask_blend_ps(0xff00, _mm512_set1_ps(x), _mm512_set1_ps(y)), *sums);
}
static inline void add(wide *sums, wide other) { *sums = _mm512_add_ps(*sums, other); }
static inline void store(float *to, wide w) { _mm512_storeu_ps(to, w); }

#define HP_WIDE

#elif defined(__AVX2__) && defined(__FMA__) && !defined(HP_PORTABLE)

#include <immintrin.h>

typedef struct {
    __m256 low, high;
} wide;

static inline wide zeros(void) {
    const wide w = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    return w;
}
static inline wide load_f32(const float *v) {
    const wide w = {_mm256_loadu_ps(v), _mm256_loadu_ps(v + 8)};
    return w;
}
static inline __m256 half_i8(const int8_t *v) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)v)));
}
static inline wide load_i8(const int8_t *v) {
    const wide w = {half_i8(v), half_i8(v + 8)};
    return w;
}
static inline void add_halves(wide *sums, wide w, float x, float y) {
    sums->low = _mm256_fmadd_ps(w.low, _mm256_set1_ps(x), sums->low);
    sums->high = _mm256_fmadd_ps(w.high, _mm256_set1_ps(y), sums->high);
}
static inline void add_times(wide *sums, wide w, float x) { add_halves(sums, w, x, x); }
static inline void add(wide *sums, wide other) {
    sums->low = _mm256_add_ps(sums->low, other.low);
    sums->high = _mm256_add_ps(sums->high, other.high);
}
static inline void store(float *to, wide w) {
    _mm256_storeu_ps(to, w.low);
    _mm256_storeu_ps(to + 8, w.high);
}

#define HP_WIDE

#else

typedef struct {
    float at[HP_PANEL];
} wide;

#define EACH for (int i = 0; i < HP_PANEL; i++)

static inline wide zeros(void) {
    wide w;
    EACH w.at[i] = 0.0f;
    return w;
}
static inline void add_times(wide *sums, const float *w, float x) { EACH sums->at[i] += w[i] * x; }
static inline void add_halves(wide *sums, const float *w, float x, float y) {
    for (int i = 0; i < HP_PANEL / 2; i++) sums->at[i] += w[i] * x;
    for (int i = HP_PANEL / 2; i < HP_PANEL; i++) sums->at[i] += w[i] * y;
}
static inline void add(wide *sums, wide other) { EACH sums->at[i] += other.at[i]; }
static inline void store(float *to, wide w) { EACH to[i] = w.at[i]; }

/* Two times sixteen weights as floats. Whole numbers go by way of int32_t, each step a loop of 32: gcc
 * vectorises that, and neither both steps at once nor loops of 16. */
static inline const float *floats_f32(const float *v, float *room) {
    (void)room;
    return v;
}
static inline const float *floats_i8(const int8_t *v, float *room) {
    int32_t whole[2 * HP_PANEL];
    for (int i = 0; i < 2 * HP_PANEL; i++) whole[i] = v[i];
    for (int i = 0; i < 2 * HP_PANEL; i++) room[i] = (float)whole[i];
    return room;
}

#endif

#endif
