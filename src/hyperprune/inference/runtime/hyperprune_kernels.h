/* Kernels: products of one panel of rows with the vectors of one sequence, or of HP_LANES. */
#ifndef HYPERPRUNE_KERNELS_H
#define HYPERPRUNE_KERNELS_H

#include "hyperprune_numbers.h"

/* sums = W x for the rows of one panel, of one sequence or of HP_LANES. Entries of x of further sequences
 * begin `apart` later. Several sums go side by side, so that no product waits for the one before. */

#define LISTED(k) columns[k]

#ifdef HP_WIDE

#define ONE_PANEL(NAME, TYPE, KIND, COLUMN)                                                               \
    static void NAME(const TYPE *restrict v, const uint16_t *restrict columns, uint32_t blocks,           \
                     const float *restrict x, float *restrict sums) {                                     \
        wide a = zeros(), b = a, c = a, d = a;                                                            \
        uint32_t k = 0;                                                                                   \
        (void)columns;                                                                                    \
        for (; blocks - k >= 4; k += 4, v += 4 * HP_PANEL) {                                              \
            add_times(&a, load_##KIND(v), x[COLUMN(k)]);                                                  \
            add_times(&b, load_##KIND(v + HP_PANEL), x[COLUMN(k + 1)]);                                   \
            add_times(&c, load_##KIND(v + 2 * HP_PANEL), x[COLUMN(k + 2)]);                               \
            add_times(&d, load_##KIND(v + 3 * HP_PANEL), x[COLUMN(k + 3)]);                               \
        }                                                                                                 \
        for (; k < blocks; k++, v += HP_PANEL) add_times(&a, load_##KIND(v), x[COLUMN(k)]);               \
        add(&a, b);                                                                                       \
        add(&c, d);                                                                                       \
        add(&a, c);                                                                                       \
        store(sums, a);                                                                                   \
    }

#define LANES_PANEL(NAME, TYPE, KIND, COLUMN)                                                             \
    static void NAME(const TYPE *restrict v, const uint16_t *restrict columns, uint32_t blocks,           \
                     const float *restrict x, size_t apart, float *restrict sums) {                       \
        wide a = zeros(), b = a, c = a, d = a;                                                            \
        (void)columns;                                                                                    \
        for (uint32_t k = 0; k < blocks; k++, v += HP_PANEL) {                                            \
            const wide w = load_##KIND(v);                                                                \
            const float *at = x + COLUMN(k);                                                              \
            add_times(&a, w, at[0]);                                                                      \
            add_times(&b, w, at[apart]);                                                                  \
            add_times(&c, w, at[2 * apart]);                                                              \
            add_times(&d, w, at[3 * apart]);                                                              \
        }                                                                                                 \
        store(sums, a);                                                                                   \
        store(sums + HP_PANEL, b);                                                                        \
        store(sums + 2 * HP_PANEL, c);                                                                    \
        store(sums + 3 * HP_PANEL, d);                                                                    \
    }

/* Eight rows: the two halves of sixteen numbers are two columns. */
#define ONE_EIGHT(NAME, TYPE, KIND)                                                                       \
    static void NAME(const TYPE *restrict v, const uint16_t *restrict columns, uint32_t blocks,           \
                     const float *restrict x, float *restrict sums) {                                     \
        wide a = zeros(), b = a, c = a, d = a;                                                            \
        uint32_t k = 0;                                                                                   \
        for (; blocks - k >= 2; k += 2, v += 4 * HP_PANEL) {                                              \
            const float *p = x + 4u * columns[k], *q = x + 4u * columns[k + 1];                           \
            add_halves(&a, load_##KIND(v), p[0], p[1]);                                                   \
            add_halves(&b, load_##KIND(v + HP_PANEL), p[2], p[3]);                                        \
            add_halves(&c, load_##KIND(v + 2 * HP_PANEL), q[0], q[1]);                                    \
            add_halves(&d, load_##KIND(v + 3 * HP_PANEL), q[2], q[3]);                                    \
        }                                                                                                 \
        if (k < blocks) {                                                                                 \
            const float *p = x + 4u * columns[k];                                                         \
            add_halves(&a, load_##KIND(v), p[0], p[1]);                                                   \
            add_halves(&b, load_##KIND(v + HP_PANEL), p[2], p[3]);                                        \
        }                                                                                                 \
        add(&a, b);                                                                                       \
        add(&c, d);                                                                                       \
        add(&a, c);                                                                                       \
        store(sums, a);                                                                                   \
    }

#else

#define ONE_PANEL(NAME, TYPE, KIND, COLUMN)                                                               \
    static void NAME(const TYPE *restrict v, const uint16_t *restrict columns, uint32_t blocks,           \
                     const float *restrict x, float *restrict sums) {                                     \
        wide a = zeros(), b = zeros();                                                                    \
        uint32_t k = 0;                                                                                   \
        (void)columns;                                                                                    \
        for (; blocks - k >= 2; k += 2, v += 2 * HP_PANEL) {                                              \
            float room[2 * HP_PANEL];                                                                     \
            const float *w = floats_##KIND(v, room);                                                      \
            add_times(&a, w, x[COLUMN(k)]);                                                               \
            add_times(&b, w + HP_PANEL, x[COLUMN(k + 1)]);                                                \
        }                                                                                                 \
        if (k < blocks) EACH a.at[i] += (float)v[i] * x[COLUMN(k)];                                       \
        add(&a, b);                                                                                       \
        store(sums, a);                                                                                   \
    }

#define LANES_PANEL_f32(NAME)                                                                             \
    static void NAME(const float *restrict v, const uint16_t *restrict columns, uint32_t blocks,          \
                     const float *restrict x, size_t apart, float *restrict sums) {                       \
        wide a = zeros(), b = zeros(), c = zeros(), d = zeros();                                          \
        uint32_t k = 0;                                                                                   \
        for (; blocks - k >= 2; k += 2, v += 2 * HP_PANEL) {                                              \
            const float *p = x + LISTED(k), *q = x + LISTED(k + 1);                                       \
            add_times(&a, v, p[0]);                                                                       \
            add_times(&b, v, p[apart]);                                                                   \
            add_times(&c, v, p[2 * apart]);                                                               \
            add_times(&d, v, p[3 * apart]);                                                               \
            add_times(&a, v + HP_PANEL, q[0]);                                                            \
            add_times(&b, v + HP_PANEL, q[apart]);                                                        \
            add_times(&c, v + HP_PANEL, q[2 * apart]);                                                    \
            add_times(&d, v + HP_PANEL, q[3 * apart]);                                                    \
        }                                                                                                 \
        if (k < blocks) {                                                                                 \
            const float *p = x + LISTED(k);                                                               \
            EACH a.at[i] += v[i] * p[0];                                                                  \
            EACH b.at[i] += v[i] * p[apart];                                                              \
            EACH c.at[i] += v[i] * p[2 * apart];                                                          \
            EACH d.at[i] += v[i] * p[3 * apart];                                                          \
        }                                                                                                 \
        store(sums, a);                                                                                   \
        store(sums + HP_PANEL, b);                                                                        \
        store(sums + 2 * HP_PANEL, c);                                                                    \
        store(sums + 3 * HP_PANEL, d);                                                                    \
    }

/* Of whole numbers one after the other: several at once do not fit the registers that gcc gives them. */
#define LANES_PANEL_i8(NAME)                                                                              \
    static void NAME(const int8_t *restrict v, const uint16_t *restrict columns, uint32_t blocks,         \
                     const float *restrict x, size_t apart, float *restrict sums) {                       \
        for (int s = 0; s < HP_LANES; s++)                                                                \
            blocks_i8(v, columns, blocks, x + s * apart, sums + s * HP_PANEL);                            \
    }

#define LANES_PANEL(NAME, TYPE, KIND, COLUMN) LANES_PANEL_##KIND(NAME)

/* Eight rows: halves of sixteen numbers are columns, or quarters of thirty-two, as gcc vectorises them. */
#define ONE_EIGHT_f32(NAME)                                                                               \
    static void NAME(const float *restrict v, const uint16_t *restrict columns, uint32_t blocks,          \
                     const float *restrict x, float *restrict sums) {                                     \
        wide a = zeros(), b = zeros();                                                                    \
        for (uint32_t k = 0; k < blocks; k++, v += 2 * HP_PANEL) {                                        \
            const float *p = x + 4u * columns[k];                                                         \
            add_halves(&a, v, p[0], p[1]);                                                                \
            add_halves(&b, v + HP_PANEL, p[2], p[3]);                                                     \
        }                                                                                                 \
        add(&a, b);                                                                                       \
        store(sums, a);                                                                                   \
    }

#define ONE_EIGHT_i8(NAME)                                                                                \
    static void NAME(const int8_t *restrict v, const uint16_t *restrict columns, uint32_t blocks,         \
                     const float *restrict x, float *restrict sums) {                                     \
        float all[2 * HP_PANEL] = {0}, spread[2 * HP_PANEL], room[2 * HP_PANEL];                          \
        for (uint32_t k = 0; k < blocks; k++, v += 2 * HP_PANEL) {                                        \
            const float *w = floats_i8(v, room), *p = x + 4u * columns[k];                                \
            for (int j = 0; j < 4; j++)                                                                   \
                for (int i = 0; i < 8; i++) spread[8 * j + i] = p[j];                                     \
            for (int i = 0; i < 2 * HP_PANEL; i++) all[i] += w[i] * spread[i];                            \
        }                                                                                                 \
        EACH sums[i] = all[i] + all[i + HP_PANEL];                                                        \
    }

#define ONE_EIGHT(NAME, TYPE, KIND) ONE_EIGHT_##KIND(NAME)

#endif

ONE_PANEL(blocks_f32, float, f32, LISTED)
ONE_PANEL(blocks_i8, int8_t, i8, LISTED)
LANES_PANEL(blocks_lanes_f32, float, f32, LISTED)
LANES_PANEL(blocks_lanes_i8, int8_t, i8, LISTED)
ONE_EIGHT(eight_f32, float, f32)
ONE_EIGHT(eight_i8, int8_t, i8)

#ifdef HP_WIDE

#define ALL(k) (k)

ONE_PANEL(dense_f32, float, f32, ALL)
ONE_PANEL(dense_i8, int8_t, i8, ALL)
LANES_PANEL(dense_lanes_f32, float, f32, ALL)
LANES_PANEL(dense_lanes_i8, int8_t, i8, ALL)

#else

/* All columns, so many at a time as if they were listed: without a list, gcc vectorises the wrong loop. */
#define CHUNK 32u

static const uint16_t ascending[CHUNK] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                          16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

#define DENSE_PANEL(NAME, LANES_NAME, TYPE, KIND)                                                         \
    static void NAME(const TYPE *v, const uint16_t *columns, uint32_t blocks, const float *x,             \
                     float *restrict sums) {                                                              \
        (void)columns;                                                                                    \
        for (int i = 0; i < HP_PANEL; i++) sums[i] = 0.0f;                                                \
        for (uint32_t k = 0; k < blocks; k += CHUNK) {                                                    \
            float part[HP_PANEL];                                                                         \
            blocks_##KIND(v + (size_t)k * HP_PANEL, ascending, blocks - k < CHUNK ? blocks - k : CHUNK,   \
                          x + k, part);                                                                   \
            for (int i = 0; i < HP_PANEL; i++) sums[i] += part[i];                                        \
        }                                                                                                 \
    }                                                                                                     \
    static void LANES_NAME(const TYPE *v, const uint16_t *columns, uint32_t blocks, const float *x,       \
                           size_t apart, float *restrict sums) {                                          \
        (void)columns;                                                                                    \
        for (int i = 0; i < HP_LANES * HP_PANEL; i++) sums[i] = 0.0f;                                     \
        for (uint32_t k = 0; k < blocks; k += CHUNK) {                                                    \
            float part[HP_LANES * HP_PANEL];                                                              \
            blocks_lanes_##KIND(v + (size_t)k * HP_PANEL, ascending,                                      \
                                blocks - k < CHUNK ? blocks - k : CHUNK, x + k, apart, part);             \
            for (int i = 0; i < HP_LANES * HP_PANEL; i++) sums[i] += part[i];                             \
        }                                                                                                 \
    }

DENSE_PANEL(dense_f32, dense_lanes_f32, float, f32)
DENSE_PANEL(dense_i8, dense_lanes_i8, int8_t, i8)

#endif

#endif
