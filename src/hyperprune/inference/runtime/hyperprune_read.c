/* Checks of a network's bytes, all before anything is used; see hyperprune_rnn.h. */
#include "hyperprune_parts.h"

#define MAX_LAYERS 100u
#define MAX_WIDTH (1u << 20) /* features and units */
#define MAX_TYPES (1u << 24) /* tokens and outputs */

/* CRC-32 of IEEE 802.3, as zlib's, four bits at a time. */
static uint32_t checksum(const unsigned char *bytes, size_t size) {
    uint32_t table[16], crc = 0xffffffffu;
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (int bit = 0; bit < 4; bit++) table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
    }
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

/* Whether `count` items of `size` bytes lie at `offset`; 64 bits, because declared sizes are anything. */
static int inside(const hp_network *network, uint32_t offset, uint64_t count, uint32_t size) {
    return offset % 4 == 0 && offset >= sizeof(hp_header) && count * size <= network->header->size &&
           offset <= network->header->size - count * size;
}

static int check_matrix(const hp_network *network, const hp_matrix *m, uint64_t rows, uint64_t columns) {
    const uint32_t tall = m->layout == HP_CSR ? 1 : m->layout == HP_BLOCKS_8X4 ? 8 : HP_PANEL;
    const uint32_t broad = m->layout == HP_BLOCKS_8X4 ? 4 : 1;
    const uint64_t lines = rows / tall, groups = (columns + broad - 1) / broad;
    if (m->layout < HP_DENSE || m->layout > HP_CSR || m->type < HP_FLOAT32 || m->type > HP_INT8 ||
        m->rows != rows || m->columns != columns)
        return HP_BAD_SIZES;
    /* at most lines * groups < 2^48 */
    if (m->layout == HP_DENSE ? m->blocks != lines * groups : m->blocks > lines * groups) return HP_BAD_SIZES;
    if (!inside(network, m->values, (uint64_t)m->blocks * tall * broad, m->type == HP_INT8 ? 1 : 4) ||
        (m->type == HP_INT8 && !inside(network, m->scales, rows, 4)))
        return HP_BAD_PLACE;
    if (m->layout == HP_DENSE) return HP_OK;
    if (!inside(network, m->starts, lines + 1, 4) || !inside(network, m->indices, m->blocks, 2))
        return HP_BAD_PLACE;
    const uint32_t *starts = place(network, m->starts);
    const uint16_t *indices = place(network, m->indices);
    if (starts[0] != 0 || starts[lines] != m->blocks) return HP_BAD_INDEX;
    for (uint64_t line = 0; line < lines; line++)
        if (starts[line] > starts[line + 1]) return HP_BAD_INDEX;
    for (uint32_t k = 0; k < m->blocks; k++)
        if (indices[k] >= groups) return HP_BAD_INDEX;
    return HP_OK;
}

static int between(uint32_t value, uint32_t least, uint32_t most) { return value >= least && value <= most; }

static int check_layer(const hp_network *network, const hp_layer *layer, uint32_t inputs) {
    const uint32_t kind = network->header->kind;
    if (layer->inputs != inputs || !between(layer->units, 1, MAX_WIDTH)) return HP_BAD_SIZES;
    const uint64_t gate = padded(layer->units), rows = gates_of(kind) * gate;
    if (!inside(network, layer->bias, rows, 4) ||
        (kind == HP_GRU && !inside(network, layer->bias_new, gate, 4)))
        return HP_BAD_PLACE;
    const int wrong = check_matrix(network, &layer->input, rows, inputs);
    return wrong != HP_OK ? wrong : check_matrix(network, &layer->recurrent, rows, layer->units);
}

int hp_read(hp_network *network, const void *bytes, size_t size) {
    const hp_header *header = bytes;
    const uint16_t one = 1;
    if (*(const unsigned char *)&one != 1) return HP_NOT_OURS; /* weights are little-endian */
    if (size < sizeof *header || (uintptr_t)bytes % 4 != 0) return HP_TOO_SHORT;
    if (header->magic != HP_MAGIC || header->version != HP_VERSION) return HP_NOT_OURS;
    if (header->size != size) return HP_TOO_SHORT;
    if (checksum((const unsigned char *)bytes + 16, size - 16) != header->checksum) return HP_DAMAGED;
    if (!between(header->kind, HP_LSTM, HP_RNN) || !between(header->layers, 1, MAX_LAYERS) ||
        !between(header->inputs, 1, MAX_WIDTH) || header->types > MAX_TYPES || header->outputs > MAX_TYPES)
        return HP_BAD_SIZES;
    network->bytes = bytes;
    network->header = header;
    if (!inside(network, header->layer_table, header->layers, sizeof(hp_layer))) return HP_BAD_PLACE;
    network->layers = place(network, header->layer_table);
    uint32_t width = header->inputs;
    int wrong = HP_OK;
    if (header->types > 0) wrong = check_matrix(network, &header->embedding, padded(header->types), width);
    for (uint32_t l = 0; l < header->layers && wrong == HP_OK; l++) {
        wrong = check_layer(network, &network->layers[l], width);
        width = network->layers[l].units;
    }
    if (wrong == HP_OK && header->outputs > 0) {
        wrong = check_matrix(network, &header->decoder, padded(header->outputs), width);
        if (wrong == HP_OK && !inside(network, header->decoder_bias, padded(header->outputs), 4))
            wrong = HP_BAD_PLACE;
    }
    return wrong;
}

const char *hp_message(int code) {
    static const char *const messages[] = {
        "no fault",
        "the file is cut off, or longer than its header says: copy it again",
        "this is no network of this version, or one of another byte order: export it anew",
        "the file is damaged, its checksum differs: copy it again",
        "sizes are out of range or do not fit each other: export the network anew",
        "a part lies outside the file: export the network anew",
        "an index is out of range: export the network anew",
        "a token is outside the vocabulary: give numbers below its size",
        "the network takes tokens where numbers were given, or the other way round",
    };
    return code >= 0 && code < (int)(sizeof messages / sizeof *messages) ? messages[code] : "unknown fault";
}
