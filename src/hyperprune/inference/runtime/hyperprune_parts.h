/* What the files of the runtime share. */
#ifndef HYPERPRUNE_PARTS_H
#define HYPERPRUNE_PARTS_H

#include "hyperprune_rnn.h"

static inline const void *place(const hp_network *network, uint32_t offset) { return network->bytes + offset; }

static inline size_t padded(size_t n) { return (n + HP_PANEL - 1) / HP_PANEL * HP_PANEL; }

static inline uint32_t gates_of(uint32_t kind) { return kind == HP_LSTM ? 4 : kind == HP_GRU ? 3 : 1; }

#endif
