/* Steps of the layers; see hyperprune_rnn.h. Compile with -O3 for the machine it runs on (-march=native);
 * -ffp-contract=fast lets products and sums fuse under -std=c99. Never with -ffast-math. */
#include "hyperprune_rnn.h"

#include <string.h>

#include "hyperprune_numbers.h"
#include "hyperprune_parts.h"
#include "hyperprune_products.h"

/* ---- Layers -------------------------------------------------------------------------------------------- */

static void lstm_cell(size_t units, size_t gate, const float *restrict sums, float *restrict h,
                      float *restrict c) {
    for (size_t i = 0; i < units; i++) {
        const float kept = sigmoid(sums[gate + i]) * c[i];
        const float next = kept + sigmoid(sums[i]) * hyperbolic(sums[2 * gate + i]);
        c[i] = next;
        h[i] = sigmoid(sums[3 * gate + i]) * hyperbolic(next);
    }
}

/* sums: new gate of the input, reset, update, new gate of the state */
static void gru_cell(size_t units, size_t gate, const float *restrict sums, float *restrict h) {
    for (size_t i = 0; i < units; i++) {
        const float reset = sigmoid(sums[gate + i]), update = sigmoid(sums[2 * gate + i]);
        const float fresh = hyperbolic(sums[i] + reset * sums[3 * gate + i]);
        h[i] = fresh + update * (h[i] - fresh);
    }
}

static void rnn_cell(size_t units, const float *restrict sums, float *restrict h) {
    for (size_t i = 0; i < units; i++) h[i] = hyperbolic(sums[i]);
}

typedef struct {
    float *input, *state, *sums; /* of HP_LANES sequences */
    size_t width, tall;          /* what lies between sequences: of inputs and states, and of sums */
} workspace;

static size_t widest(const hp_network *network) {
    const hp_header *header = network->header;
    size_t most = header->inputs;
    for (uint32_t l = 0; l < header->layers; l++)
        if (network->layers[l].units > most) most = network->layers[l].units;
    return padded(most);
}

static size_t tallest(const hp_network *network) {
    const hp_header *header = network->header;
    size_t most = header->outputs > 0 ? header->decoder.rows : 0;
    for (uint32_t l = 0; l < header->layers; l++) {
        const size_t rows = padded(network->layers[l].units) * (header->kind == HP_RNN ? 1 : 4);
        if (rows > most) most = rows;
    }
    return most;
}

static void run_layer(const hp_network *network, const hp_layer *layer, size_t lanes, const workspace *work,
                      float *h, float *c) {
    const uint32_t kind = network->header->kind;
    const size_t units = layer->units, gate = padded(units), rows = gates_of(kind) * gate;
    const float *bias = place(network, layer->bias);
    for (size_t s = 0; s < lanes; s++) {
        float *sums = work->sums + s * work->tall, *state = work->state + s * work->width;
        memcpy(sums, bias, rows * sizeof *sums);
        if (kind == HP_GRU)
            memcpy(sums + rows, place(network, layer->bias_new), gate * sizeof *sums);
        memcpy(state, h + s * units, units * sizeof *state);
        memset(state + units, 0, (work->width - units) * sizeof *state);
    }
    multiply(network, &layer->input, lanes, work->input, work->width, work->sums, work->tall);
    multiply(network, &layer->recurrent, lanes, work->state, work->width,
             work->sums + (kind == HP_GRU ? gate : 0), work->tall);
    for (size_t s = 0; s < lanes; s++) {
        const float *sums = work->sums + s * work->tall;
        float *input = work->input + s * work->width;
        if (kind == HP_LSTM)
            lstm_cell(units, gate, sums, h + s * units, c + s * units);
        else if (kind == HP_GRU)
            gru_cell(units, gate, sums, h + s * units);
        else
            rnn_cell(units, sums, h + s * units);
        memcpy(input, h + s * units, units * sizeof *input);
        memset(input + units, 0, (work->width - units) * sizeof *input);
    }
}

/* Sequences from `first` on, whose inputs lie in the workspace. */
static void run_lanes(const hp_network *network, size_t batch, size_t first, size_t lanes,
                      const workspace *work, float *state, float *outputs) {
    const hp_header *header = network->header;
    const size_t width = hp_outputs(network);
    size_t all = 0, before = 0;
    for (uint32_t l = 0; l < header->layers; l++) all += network->layers[l].units;
    for (uint32_t l = 0; l < header->layers; l++) {
        const size_t units = network->layers[l].units;
        float *h = state + before * batch + first * units;
        run_layer(network, &network->layers[l], lanes, work, h,
                  header->kind == HP_LSTM ? h + all * batch : NULL);
        before += units;
    }
    if (header->outputs > 0) {
        for (size_t s = 0; s < lanes; s++)
            memcpy(work->sums + s * work->tall, place(network, header->decoder_bias),
                   header->decoder.rows * sizeof *work->sums);
        multiply(network, &header->decoder, lanes, work->input, work->width, work->sums, work->tall);
    }
    for (size_t s = 0; s < lanes; s++)
        memcpy(outputs + (first + s) * width,
               header->outputs > 0 ? work->sums + s * work->tall : work->input + s * work->width,
               width * sizeof *outputs);
}

static void run_batch(const hp_network *network, size_t batch, const float *inputs, const int32_t *tokens,
                      float *state, float *outputs, float *scratch) {
    const hp_header *header = network->header;
    const size_t most = batch < HP_LANES ? 1 : HP_LANES;
    workspace work;
    work.width = widest(network);
    work.tall = tallest(network);
    work.input = scratch;
    work.state = scratch + most * work.width;
    work.sums = work.state + most * work.width;
    for (size_t first = 0, lanes; first < batch; first += lanes) {
        lanes = batch - first < HP_LANES ? 1 : HP_LANES;
        for (size_t s = 0; s < lanes; s++) {
            float *input = work.input + s * work.width;
            if (tokens != NULL)
                look_up(network, &header->embedding, (uint32_t)tokens[first + s], input);
            else
                memcpy(input, inputs + (first + s) * header->inputs, header->inputs * sizeof *input);
            memset(input + header->inputs, 0, (work.width - header->inputs) * sizeof *input);
        }
        run_lanes(network, batch, first, lanes, &work, state, outputs);
    }
}

/* ---- What the header declares --------------------------------------------------------------------------- */

size_t hp_outputs(const hp_network *network) {
    const hp_header *header = network->header;
    return header->outputs > 0 ? header->outputs : network->layers[header->layers - 1].units;
}

size_t hp_state_floats(const hp_network *network) {
    size_t units = 0;
    for (uint32_t l = 0; l < network->header->layers; l++) units += network->layers[l].units;
    return network->header->kind == HP_LSTM ? 2 * units : units;
}

size_t hp_scratch_floats(const hp_network *network, size_t batch) {
    return (batch < HP_LANES ? 1 : HP_LANES) * (2 * widest(network) + tallest(network));
}

int hp_step(const hp_network *network, size_t batch, const float *inputs, float *state, float *outputs,
            float *scratch) {
    return hp_run(network, 1, batch, inputs, state, outputs, scratch);
}

int hp_step_token(const hp_network *network, size_t batch, const int32_t *tokens, float *state,
                  float *outputs, float *scratch) {
    return hp_run_tokens(network, 1, batch, tokens, state, outputs, scratch);
}

int hp_run(const hp_network *network, size_t steps, size_t batch, const float *inputs, float *state,
           float *outputs, float *scratch) {
    if (network->header->types > 0) return HP_BAD_INPUT;
    for (size_t t = 0; t < steps; t++)
        run_batch(network, batch, inputs + t * batch * network->header->inputs, NULL, state,
                  outputs + t * batch * hp_outputs(network), scratch);
    return HP_OK;
}

int hp_run_tokens(const hp_network *network, size_t steps, size_t batch, const int32_t *tokens,
                  float *state, float *outputs, float *scratch) {
    if (network->header->types == 0) return HP_BAD_INPUT;
    for (size_t i = 0; i < steps * batch; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= network->header->types) return HP_BAD_TOKEN;
    for (size_t t = 0; t < steps; t++)
        run_batch(network, batch, NULL, tokens + t * batch, state, outputs + t * batch * hp_outputs(network),
                  scratch);
    return HP_OK;
}
