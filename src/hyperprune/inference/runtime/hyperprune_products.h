/* Products of a matrix with the vectors of one sequence or several, a kernel for each layout. */
#ifndef HYPERPRUNE_PRODUCTS_H
#define HYPERPRUNE_PRODUCTS_H

#include "hyperprune_numbers.h"
#include "hyperprune_parts.h"

/* ---- Products -----------------------------------------------------------------------------------------
 * sums = W x for the rows of one panel, of one sequence or of HP_LANES. Entries of x of further sequences
 * begin `apart` later. Four sums go side by side, so that no product waits for the one before. */

#define ONE_PANEL(NAME, TYPE, LOAD, COLUMN)                                                               \
    static void NAME(const TYPE *restrict v, const uint16_t *restrict columns, uint32_t blocks,           \
                     const float *restrict x, float *restrict sums) {                                     \
        wide a = zeros(), b = a, c = a, d = a;                                                            \
        uint32_t k = 0;                                                                                   \
        (void)columns;                                                                                    \
        for (; blocks - k >= 4; k += 4, v += 4 * HP_PANEL) {                                              \
            add_times(&a, LOAD(v), x[COLUMN(k)]);                                                         \
            add_times(&b, LOAD(v + HP_PANEL), x[COLUMN(k + 1)]);                                          \
            add_times(&c, LOAD(v + 2 * HP_PANEL), x[COLUMN(k + 2)]);                                      \
            add_times(&d, LOAD(v + 3 * HP_PANEL), x[COLUMN(k + 3)]);                                      \
        }                                                                                                 \
        for (; k < blocks; k++, v += HP_PANEL) add_times(&a, LOAD(v), x[COLUMN(k)]);                      \
        add(&a, b);                                                                                       \
        add(&c, d);                                                                                       \
        add(&a, c);                                                                                       \
        store(sums, a);                                                                                   \
    }

#define LANES_PANEL(NAME, TYPE, LOAD, COLUMN)                                                             \
    static void NAME(const TYPE *restrict v, const uint16_t *restrict columns, uint32_t blocks,           \
                     const float *restrict x, size_t apart, float *restrict sums) {                       \
        wide a = zeros(), b = a, c = a, d = a;                                                            \
        (void)columns;                                                                                    \
        for (uint32_t k = 0; k < blocks; k++, v += HP_PANEL) {                                            \
            const wide w = LOAD(v);                                                                       \
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
#define ONE_EIGHT(NAME, TYPE, LOAD)                                                                       \
    static void NAME(const TYPE *restrict v, const uint16_t *restrict columns, uint32_t blocks,           \
                     const float *restrict x, float *restrict sums) {                                     \
        wide a = zeros(), b = a, c = a, d = a;                                                            \
        uint32_t k = 0;                                                                                   \
        for (; blocks - k >= 2; k += 2, v += 4 * HP_PANEL) {                                              \
            const float *p = x + 4u * columns[k], *q = x + 4u * columns[k + 1];                           \
            add_halves(&a, LOAD(v), p[0], p[1]);                                                          \
            add_halves(&b, LOAD(v + HP_PANEL), p[2], p[3]);                                               \
            add_halves(&c, LOAD(v + 2 * HP_PANEL), q[0], q[1]);                                           \
            add_halves(&d, LOAD(v + 3 * HP_PANEL), q[2], q[3]);                                           \
        }                                                                                                 \
        if (k < blocks) {                                                                                 \
            const float *p = x + 4u * columns[k];                                                         \
            add_halves(&a, LOAD(v), p[0], p[1]);                                                          \
            add_halves(&b, LOAD(v + HP_PANEL), p[2], p[3]);                                               \
        }                                                                                                 \
        add(&a, b);                                                                                       \
        add(&c, d);                                                                                       \
        add(&a, c);                                                                                       \
        store(sums, a);                                                                                   \
    }

#define LISTED(k) columns[k]
#define ALL(k) (k)

ONE_PANEL(dense_f32, float, load_f32, ALL)
ONE_PANEL(dense_i8, int8_t, load_i8, ALL)
ONE_PANEL(blocks_f32, float, load_f32, LISTED)
ONE_PANEL(blocks_i8, int8_t, load_i8, LISTED)
LANES_PANEL(dense_lanes_f32, float, load_f32, ALL)
LANES_PANEL(dense_lanes_i8, int8_t, load_i8, ALL)
LANES_PANEL(blocks_lanes_f32, float, load_f32, LISTED)
LANES_PANEL(blocks_lanes_i8, int8_t, load_i8, LISTED)
ONE_EIGHT(eight_f32, float, load_f32)
ONE_EIGHT(eight_i8, int8_t, load_i8)

/* Sums of a panel's rows into y, which begins `apart` later for each further sequence. */
static void add_sums(const float *sums, uint32_t rows, const float *scales, float *y) {
    if (scales != NULL)
        for (uint32_t i = 0; i < rows; i++) y[i] += sums[i] * scales[i];
    else
        for (uint32_t i = 0; i < rows; i++) y[i] += sums[i];
}

static void add_panels(const hp_network *network, const hp_matrix *m, size_t lanes, const float *x,
                       size_t x_apart, float *y, size_t y_apart) {
    const int listed = m->layout == HP_BLOCKS_16X1, small = m->type == HP_INT8;
    const uint32_t *starts = place(network, m->starts);
    const uint16_t *indices = place(network, m->indices);
    const float *scales = small ? place(network, m->scales) : NULL;
    const int8_t *v8 = place(network, m->values);
    const float *v32 = place(network, m->values);
    float sums[HP_LANES * HP_PANEL];
    for (uint32_t panel = 0; panel < m->rows / HP_PANEL; panel++) {
        const uint32_t from = listed ? starts[panel] : 0;
        const uint32_t blocks = listed ? starts[panel + 1] - from : m->columns;
        const size_t first = (listed ? from : (size_t)panel * m->columns) * HP_PANEL, row = panel * HP_PANEL;
        const uint16_t *columns = listed ? indices + from : NULL;
        if (lanes == HP_LANES) {
            if (small)
                (listed ? blocks_lanes_i8 : dense_lanes_i8)(v8 + first, columns, blocks, x, x_apart, sums);
            else
                (listed ? blocks_lanes_f32 : dense_lanes_f32)(v32 + first, columns, blocks, x, x_apart, sums);
        } else if (small) {
            (listed ? blocks_i8 : dense_i8)(v8 + first, columns, blocks, x, sums);
        } else {
            (listed ? blocks_f32 : dense_f32)(v32 + first, columns, blocks, x, sums);
        }
        for (size_t s = 0; s < lanes; s++)
            add_sums(sums + s * HP_PANEL, HP_PANEL, scales == NULL ? NULL : scales + row,
                     y + s * y_apart + row);
    }
}

static void add_eights(const hp_network *network, const hp_matrix *m, size_t lanes, const float *x,
                       size_t x_apart, float *y, size_t y_apart) {
    const uint32_t *starts = place(network, m->starts);
    const uint16_t *indices = place(network, m->indices);
    const float *scales = m->type == HP_INT8 ? place(network, m->scales) : NULL;
    float sums[HP_PANEL];
    for (uint32_t panel = 0; panel < m->rows / 8; panel++) {
        const uint32_t from = starts[panel], blocks = starts[panel + 1] - from, row = panel * 8;
        for (size_t s = 0; s < lanes; s++) {
            const float *own = x + s * x_apart;
            if (scales != NULL)
                eight_i8((const int8_t *)place(network, m->values) + (size_t)from * 32, indices + from,
                         blocks, own, sums);
            else
                eight_f32((const float *)place(network, m->values) + (size_t)from * 32, indices + from,
                          blocks, own, sums);
            for (int i = 0; i < 8; i++) sums[i] += sums[i + 8];
            add_sums(sums, 8, scales == NULL ? NULL : scales + row, y + s * y_apart + row);
        }
    }
}

static void add_rows(const hp_network *network, const hp_matrix *m, size_t lanes, const float *x,
                     size_t x_apart, float *y, size_t y_apart) {
    const uint32_t *starts = place(network, m->starts);
    const uint16_t *columns = place(network, m->indices);
    const float *scales = m->type == HP_INT8 ? place(network, m->scales) : NULL;
    const int8_t *v8 = place(network, m->values);
    const float *v32 = place(network, m->values);
    for (uint32_t row = 0; row < m->rows; row++) {
        const uint32_t from = starts[row], to = starts[row + 1];
        for (size_t s = 0; s < lanes; s++) {
            const float *own = x + s * x_apart;
            float a = 0.0f, b = 0.0f, c = 0.0f, d = 0.0f;
            uint32_t k = from;
#define VALUE(k) (scales != NULL ? (float)v8[k] : v32[k])
            for (; to - k >= 4; k += 4) {
                a += VALUE(k) * own[columns[k]];
                b += VALUE(k + 1) * own[columns[k + 1]];
                c += VALUE(k + 2) * own[columns[k + 2]];
                d += VALUE(k + 3) * own[columns[k + 3]];
            }
            for (; k < to; k++) a += VALUE(k) * own[columns[k]];
            a = (a + b) + (c + d);
            y[s * y_apart + row] += scales != NULL ? a * scales[row] : a;
        }
    }
}

/* y += W x */
static void multiply(const hp_network *network, const hp_matrix *m, size_t lanes, const float *x,
                     size_t x_apart, float *y, size_t y_apart) {
    if (m->layout == HP_CSR)
        add_rows(network, m, lanes, x, x_apart, y, y_apart);
    else if (m->layout == HP_BLOCKS_8X4)
        add_eights(network, m, lanes, x, x_apart, y, y_apart);
    else
        add_panels(network, m, lanes, x, x_apart, y, y_apart);
}

/* x = row `row` of W, for embeddings */
static void look_up(const hp_network *network, const hp_matrix *m, uint32_t row, float *x) {
    const uint32_t *starts = place(network, m->starts);
    const uint16_t *indices = place(network, m->indices);
    const int8_t *v8 = place(network, m->values);
    const float *v32 = place(network, m->values);
    const float scale = m->type == HP_INT8 ? ((const float *)place(network, m->scales))[row] : 1.0f;
    const uint32_t tall = m->layout == HP_CSR ? 1 : m->layout == HP_BLOCKS_8X4 ? 8 : HP_PANEL;
    const uint32_t broad = m->layout == HP_BLOCKS_8X4 ? 4 : 1;
    const uint32_t panel = row / tall, within = row % tall;
    const int dense = m->layout == HP_DENSE;
    const uint32_t from = dense ? 0 : starts[panel], to = dense ? m->columns : starts[panel + 1];
    const size_t first = dense ? (size_t)panel * m->columns : 0;
    memset(x, 0, m->columns * sizeof *x);
    for (uint32_t k = from; k < to; k++) {
        const uint32_t column = (dense ? k : indices[k]) * broad;
        for (uint32_t j = 0; j < broad && column + j < m->columns; j++) {
            const size_t at = ((first + k) * broad + j) * tall + within;
            x[column + j] = scale * (m->type == HP_INT8 ? (float)v8[at] : v32[at]);
        }
    }
}

#endif
