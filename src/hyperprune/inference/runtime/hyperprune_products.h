/* Products of a matrix with the vectors of one sequence or several, by its layout. */
#ifndef HYPERPRUNE_PRODUCTS_H
#define HYPERPRUNE_PRODUCTS_H

#include "hyperprune_kernels.h"
#include "hyperprune_parts.h"

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
