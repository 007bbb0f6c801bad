/* Recurrent networks with sparse weights, step by step. Portable C99; no allocation, no library.
 *
 * A network is one block of bytes: header, layers, weights. hp_read checks all of it once and then
 * points into it, so the bytes must outlive the network. State and scratch are the caller's.
 *
 *     hp_network network;
 *     if (hp_read(&network, bytes, size) != HP_OK) ...
 *     float state[...], scratch[...];            hp_state_floats(&network), hp_scratch_floats(&network, 1)
 *     memset(state, 0, sizeof state);
 *     hp_step_token(&network, 1, &token, state, scores, scratch);
 *
 * One network may serve many threads, each with its own state and scratch.
 */
#ifndef HYPERPRUNE_RNN_H
#define HYPERPRUNE_RNN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HP_MAGIC 0x4e525048u /* "HPRN" */
#define HP_VERSION 1u
#define HP_PANEL 16 /* rows of a panel; rows of a gate are padded to a multiple of it */
#define HP_LANES 4  /* sequences that share one pass over the weights */

enum { HP_LSTM = 1, HP_GRU = 2, HP_RNN = 3 };                          /* kinds of layers */
enum { HP_DENSE = 1, HP_BLOCKS_16X1 = 2, HP_BLOCKS_8X4 = 3, HP_CSR = 4 }; /* layouts of matrices */
enum { HP_FLOAT32 = 1, HP_INT8 = 2 };                                  /* types of weights */

enum {
    HP_OK = 0,
    HP_TOO_SHORT = 1,    /* fewer bytes than the header says, or more */
    HP_NOT_OURS = 2,     /* other magic, version or byte order */
    HP_DAMAGED = 3,      /* the checksum differs */
    HP_BAD_SIZES = 4,    /* sizes out of range, or that do not fit each other */
    HP_BAD_PLACE = 5,    /* a part lies outside the bytes, or is not aligned */
    HP_BAD_INDEX = 6,    /* a column or a row's start out of range */
    HP_BAD_TOKEN = 7,    /* a token number outside the vocabulary; nothing was changed */
    HP_BAD_INPUT = 8     /* tokens for a network that takes numbers, or the other way round */
};

/* Offsets are bytes from the start of the network's bytes, multiples of 4; 0 where there is no such part.
 *
 * HP_DENSE        panels of 16 rows, all columns; values panel by panel, 16 a column
 * HP_BLOCKS_16X1  starts[panels + 1] of blocks; indices: column of each; values: 16 a block
 * HP_BLOCKS_8X4   starts[rows / 8 + 1]; indices: group of four columns; values: 8 a column, 32 a block
 * HP_CSR          starts[rows + 1]; indices: column of each value
 *
 * HP_INT8: row r stands for values times scales[r].
 */
typedef struct {
    uint32_t layout, type, rows, columns, blocks;
    uint32_t values, indices, starts, scales;
} hp_matrix;

/* Rows of gates, each padded to a multiple of 16: LSTM i f g o; RNN one; GRU n r z of `input`, r z n of
 * `recurrent`. Biases are in the order of `input`, that of `recurrent` added, but GRU's new gate's: it is
 * `bias_new`. */
typedef struct {
    uint32_t inputs, units, bias, bias_new;
    hp_matrix input, recurrent;
} hp_layer;

typedef struct {
    uint32_t magic, version, size, checksum; /* CRC-32 of everything after these four */
    uint32_t kind, layers, layer_table;
    uint32_t inputs;       /* features of an input; of an embedded token where `types` is not 0 */
    uint32_t types;        /* tokens, or 0 where inputs are numbers */
    uint32_t outputs;      /* of the decoder, or 0 where the last layer's units are given */
    uint32_t decoder_bias; /* padded to a multiple of 16 */
    hp_matrix embedding, decoder;
} hp_header;

typedef struct {
    const unsigned char *bytes;
    const hp_header *header;
    const hp_layer *layers;
} hp_network;

/* Check the bytes and point the network into them; HP_OK or what is wrong. `bytes` is aligned to 4. */
int hp_read(hp_network *network, const void *bytes, size_t size);
const char *hp_message(int code);

size_t hp_outputs(const hp_network *network); /* numbers that a step gives for one sequence */
size_t hp_state_floats(const hp_network *network); /* of one sequence; start with zeros */
size_t hp_scratch_floats(const hp_network *network, size_t batch);

/* One step of `batch` sequences. inputs (batch, inputs), outputs (batch, hp_outputs).
 * state: h of each layer, (batch, units) one after the other, then for an LSTM c likewise. */
int hp_step(const hp_network *network, size_t batch, const float *inputs, float *state, float *outputs,
            float *scratch);
int hp_step_token(const hp_network *network, size_t batch, const int32_t *tokens, float *state,
                  float *outputs, float *scratch);

/* The same over `steps` steps: inputs (steps, batch, ...), outputs (steps, batch, ...). */
int hp_run(const hp_network *network, size_t steps, size_t batch, const float *inputs, float *state,
           float *outputs, float *scratch);
int hp_run_tokens(const hp_network *network, size_t steps, size_t batch, const int32_t *tokens,
                  float *state, float *outputs, float *scratch);

#ifdef __cplusplus
}
#endif

#endif
