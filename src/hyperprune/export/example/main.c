/* An example: reads inputs from standard input, one step after another, and prints what the network gives.
 *
 *     cc -O3 -std=c99 -ffp-contract=fast *.c -lm -o example && ./example < inputs.txt
 *
 * A step is one token, or NETWORK_INPUTS numbers. Nothing is allocated. */
#include <stdio.h>

#include "hyperprune_rnn.h"
#include "network.h"

#ifdef NETWORK_FILE
static uint32_t network_words[NETWORK_BYTES / 4];

static int read_weights(const char *path) {
    FILE *file = fopen(path, "rb");
    size_t size;
    int whole;
    if (file == NULL) return 0;
    size = fread(network_words, 1, NETWORK_BYTES, file);
    whole = size == NETWORK_BYTES && fgetc(file) == EOF;
    fclose(file);
    return whole;
}
#endif

static float state[NETWORK_STATE], scratch[NETWORK_SCRATCH], outputs[NETWORK_OUTPUTS];

/* The next step from standard input: 1, or 0 at its end, or -1 where it holds something else. */
#if NETWORK_TYPES > 0
static int next_step(const hp_network *network, int *code) {
    long number;
    int32_t token;
    const int read = scanf("%ld", &number);
    if (read != 1) return read == EOF ? 0 : -1;
    token = number < 0 || number >= NETWORK_TYPES ? -1 : (int32_t)number;
    *code = hp_step_token(network, 1, &token, state, outputs, scratch);
    return 1;
}
#else
static int next_step(const hp_network *network, int *code) {
    static float inputs[NETWORK_INPUTS];
    int i;
    for (i = 0; i < NETWORK_INPUTS; i++) {
        const int read = scanf("%f", &inputs[i]);
        if (read != 1) return read == EOF && i == 0 ? 0 : -1;
    }
    *code = hp_step(network, 1, inputs, state, outputs, scratch);
    return 1;
}
#endif

int main(int count, char **arguments) {
    hp_network network;
    int code, more, i;
#ifdef NETWORK_FILE
    const char *path = count > 1 ? arguments[1] : NETWORK_FILE;
    if (!read_weights(path)) {
        fprintf(stderr, "%s must be a file of %lu bytes\n", path, (unsigned long)NETWORK_BYTES);
        return 2;
    }
#else
    (void)count;
    (void)arguments;
#endif
    code = hp_read(&network, network_words, NETWORK_BYTES);
    if (code == HP_OK && (hp_state_floats(&network) != NETWORK_STATE ||
                          hp_scratch_floats(&network, 1) != NETWORK_SCRATCH ||
                          hp_outputs(&network) != NETWORK_OUTPUTS))
        code = HP_BAD_SIZES; /* weights of another network than network.h */
    if (code != HP_OK) {
        fprintf(stderr, "%s\n", hp_message(code));
        return 2;
    }
    while ((more = next_step(&network, &code)) > 0) {
        if (code != HP_OK) break;
        for (i = 0; i < NETWORK_OUTPUTS; i++)
            printf(i + 1 < NETWORK_OUTPUTS ? "%.9g " : "%.9g\n", (double)outputs[i]);
    }
    if (more < 0) {
        fprintf(stderr, "the input must be numbers, so many for each step: see NETWORK_INPUTS\n");
        return 2;
    }
    if (code != HP_OK) fprintf(stderr, "%s\n", hp_message(code));
    return code == HP_OK ? 0 : 2;
}
